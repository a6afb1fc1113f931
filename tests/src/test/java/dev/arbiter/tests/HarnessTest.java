package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.tests.Load.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests' own tools, against processes and servers that are easier to believe. */
final class HarnessTest {
  private static final Duration SHORT = Duration.ofSeconds(5);

  @Test
  void journalFindsOnlyWhatWasWrittenAfterTheMark() throws Exception {
    Journal journal = new Journal();
    journal.add(Journal.Source.ERR, "ready in 5 ms");
    int mark = journal.mark();
    journal.add(Journal.Source.ERR, "ready in 7 ms");

    Pattern ready = Pattern.compile("ready in (\\d+) ms");
    assertThat(journal.await(ready, SHORT).group(1)).isEqualTo("5");
    assertThat(journal.awaitAfter(mark, ready, SHORT).group(1)).isEqualTo("7");
    assertThat(journal.await(0, ready, 2, SHORT).group(1)).isEqualTo("7");
  }

  @Test
  void journalGivesUpWhenNothingMoreCanCome() {
    Journal journal = new Journal();
    journal.ended();
    journal.ended();

    assertThatThrownBy(() -> journal.await(Pattern.compile("x"), Duration.ofHours(1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("ended its output");
  }

  @Test
  void processIsSeenStoppedContinuedAndGone() throws Exception {
    Process child = new ProcessBuilder("sleep", "60").start();
    try {
      long pid = child.pid();
      Await.until("it is a child", SHORT, () -> Proc.children(self()).contains(pid));
      assertThat(Proc.stopped(pid)).isFalse();
      Os.kill(pid, Os.Signal.STOP);
      Await.until("it is stopped", SHORT, () -> Proc.stopped(pid));
      Os.kill(pid, Os.Signal.CONT);
      Await.until("it runs", SHORT, () -> !Proc.stopped(pid));
      Os.kill(pid, Os.Signal.KILL);
      assertThat(child.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(Proc.alive(pid)).isFalse();
      assertThat(Os.kill(pid, Os.Signal.TERM)).isFalse();
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void environmentOfAProcessIsFound() throws Exception {
    ProcessBuilder builder = new ProcessBuilder("sleep", "60");
    builder.environment().put("HARNESS", "one two");
    Process child = builder.start();
    try {
      Await.until(
          "its environment", SHORT, () -> Proc.hasEnvironment(child.pid(), "HARNESS=one two"));
      assertThat(Proc.hasEnvironment(child.pid(), "HARNESS=one")).isFalse();
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void pausedOutputFillsItsPipeAndFlowsAgain() throws Exception {
    Process child = new ProcessBuilder("sh", "-c", "read x; echo done; read y").start();
    try {
      Journal journal = new Journal();
      Pump pump = Pump.start(child.getInputStream(), Journal.Source.OUT, journal);
      pump.pause();
      long filled = Os.fillPipe(Path.of("/proc/" + child.pid() + "/fd/1"));
      assertThat(filled).isGreaterThanOrEqualTo(65_536);
      assertThat(Os.fillPipe(Path.of("/proc/" + child.pid() + "/fd/1")))
          .as("what the read under way has made room for")
          .isLessThanOrEqualTo(65_536);
      child.getOutputStream().write('\n');
      child.getOutputStream().flush();
      pump.resume();
      journal.await(Pattern.compile("done"), SHORT);
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void connectionsAreCountedAndLaidAtAProcess() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"));
        Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket accepted = server.accept()) {
      int port = server.getLocalPort();
      assertThat(Proc.connections(List.of(self()), port)).containsEntry(self(), 1);
      assertThat(Proc.clientPorts(self(), port)).containsExactly(client.getLocalPort());
      assertThat(accepted.getPort()).isEqualTo(client.getLocalPort());
    }
  }

  @Test
  void responsesAreReadByTheBook() throws Exception {
    assertThat(answerTo("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").body()).isEqualTo("hi");
    assertThat(
            answerTo("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
                .body())
        .isEqualTo("hi");
    Answer last = answerTo("HTTP/1.1 503 Busy\r\nConnection: Close\r\n\r\nuntil the end");
    assertThat(last.body()).isEqualTo("until the end");
    assertThat(last.close()).isTrue();
    assertThat(last.status()).isEqualTo(503);
    assertThatThrownBy(() -> answerTo("HTTP/1.1 200 OK\nContent-Length: 0\n\n"))
        .isInstanceOf(RawClient.ProtocolFault.class);
    assertThatThrownBy(() -> answerTo("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi"))
        .hasMessageContaining("2 of 5");
  }

  @Test
  void loadClassifiesWhatItSees() throws Exception {
    assertThat(outcome(socket -> socket.getOutputStream().write(ok("4711"))))
        .isEqualTo(Outcome.SUCCESS);
    assertThat(outcome(socket -> socket.shutdownOutput())).isEqualTo(Outcome.EOF_BEFORE_RESPONSE);
    assertThat(outcome(socket -> socket.setSoLinger(true, 0))).isEqualTo(Outcome.RESET);
    assertThat(
            outcome(
                socket ->
                    socket
                        .getOutputStream()
                        .write(
                            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII))))
        .isEqualTo(Outcome.BAD_STATUS);
  }

  @Test
  void loadSeesARefusedConnection() throws Exception {
    try (LoadClients load = LoadClients.start(Ports.free(), 1, 1, "/", Duration.ofMillis(1))) {
      Await.until("failures", SHORT, () -> load.failures().size() >= 2);
      assertThat(load.stop()).allMatch(failure -> failure.outcome() == Outcome.REFUSED);
    }
  }

  @FunctionalInterface
  private interface Reply {
    void to(Socket socket) throws IOException;
  }

  /** What one keep-alive client makes of a server that reads a request and then does this. */
  private static Outcome outcome(Reply reply) throws Exception {
    LoadClients load;
    Outcome outcome;
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.ofLiteral("127.0.0.1"))) {
      load = LoadClients.start(server.getLocalPort(), 1, 0, "/pid", Duration.ofMillis(1));
      try (Socket socket = server.accept()) {
        readHead(socket.getInputStream());
        reply.to(socket);
      }
      Await.until("an outcome", SHORT, () -> load.successes() > 0 || !load.failures().isEmpty());
      outcome = load.successes() > 0 ? Outcome.SUCCESS : load.failures().getFirst().outcome();
    }
    load.stop();
    return outcome;
  }

  private static Answer answerTo(String response) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
        RawClient client = RawClient.tcp(server.getLocalPort())) {
      try (Socket socket = server.accept()) {
        socket.getOutputStream().write(response.getBytes(StandardCharsets.ISO_8859_1));
      }
      return client.answer();
    }
  }

  private static void readHead(InputStream in) throws IOException {
    int ends = 0;
    int next;
    while (ends < 2 && (next = in.read()) >= 0) {
      ends = next == '\n' ? ends + 1 : next == '\r' ? ends : 0;
    }
  }

  private static byte[] ok(String body) {
    return ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static long self() {
    return ProcessHandle.current().pid();
  }
}
