package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS on the listeners of a fleet, and certificates that change. */
final class TlsTest {
  private static final Pattern NEW = Pattern.compile("New certificates are in use");
  private static final Pattern REFUSED = Pattern.compile("The certificates stay as they were: ");
  private static final Duration PACE = Duration.ofMillis(50);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void certificatesChangeUnderLoadAndNobodyNotices(String kind) throws Exception {
    Path first = Certificates.make(arbiters.folder(), "first");
    Path second = Certificates.make(arbiters.folder(), "second");
    Path used = arbiters.folder().resolve("server.pem");
    Files.copy(first, used);
    SSLContext both = Certificates.trusting(first, second);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--certfile", used.toString(), "--insecure-bind", "127.0.0.1:0")
            .faulty()
            .start();
    int port = arbiter.tlsPort();
    Set<Long> workers = arbiter.awaitServing(2); // by the address beside it, in the clear

    // A context of its own for each look: a session that is resumed shows what it began with.
    try (LoadClients load =
        LoadClients.posting(() -> RawClient.tls(port, both), 4, 1, "hello", PACE)) {
      load.awaitMore(50, Limits.ANSWER);
      assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=first");

      // Again, without new workers.
      Files.copy(second, used, StandardCopyOption.REPLACE_EXISTING);
      arbiter.signal(Os.Signal.USR1);
      arbiter.log().await(0, NEW, 2, Limits.ANSWER);
      assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=second");
      assertThat(arbiter.workers()).isEqualTo(workers);
      load.awaitMore(50, Limits.ANSWER);

      // The same by HUP, as nothing else is new; and with the next one, for which nothing is.
      Files.copy(first, used, StandardCopyOption.REPLACE_EXISTING);
      int mark = arbiter.log().mark();
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().await(mark, NEW, 2, Limits.ANSWER);
      assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=first");
      assertThat(arbiter.workers()).isEqualTo(workers);
      arbiter.signal(Os.Signal.HUP);
      arbiter.awaitReplaced(workers, 2);
      assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=first");
      load.awaitMore(50, Limits.ANSWER);

      assertThat(load.stop()).isEmpty();
    }
  }

  @Test
  void filesThatCannotBeUsedAreRefusedWithOneLine() throws Exception {
    arbiters.expectError(".*");
    Path file = Files.writeString(arbiters.folder().resolve("server.pem"), "nothing");
    Command.Finished finished =
        arbiters
            .command()
            .kind("sync")
            .args("--certfile", file.toString())
            .faulty()
            .run(Limits.START);
    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.log().text())
        .contains("--certfile " + file + " is neither PEM nor PKCS#12")
        .doesNotContain("Exception");
  }

  @Tag("slow")
  @EachKind
  void aReloadWithFilesThatCannotBeUsedIsRefusedAndNothingElseChanges(String kind)
      throws Exception {
    arbiters.expectError("Reload failed");
    Path first = Certificates.make(arbiters.folder(), "first");
    Path second = Certificates.make(arbiters.folder(), "second");
    Path used = arbiters.folder().resolve("server.pem");
    Files.copy(first, used);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--certfile", used.toString(), "--insecure-bind", "127.0.0.1:0")
            .faulty()
            .start();
    int port = arbiter.tlsPort();
    Set<Long> workers = arbiter.awaitServing(1);

    String keyOfAnother =
        Files.readString(second).replaceAll("(?s)-----BEGIN CERT.*", "")
            + Files.readString(first).replaceAll("(?s).*?(?=-----BEGIN CERT)", "");
    for (Map.Entry<String, String> broken :
        Map.of(
                "nothing",
                "is neither PEM nor PKCS#12",
                keyOfAnother,
                "is not the key of the first certificate")
            .entrySet()) {
      Files.writeString(used, broken.getKey());
      int mark = arbiter.log().mark();
      arbiter.signal(Os.Signal.HUP);
      arbiter.log().awaitAfter(mark, REFUSED, Limits.ANSWER);
      arbiter.signal(Os.Signal.HUP); // nothing is new now: a reload, which fails
      arbiter
          .log()
          .awaitAfter(
              mark,
              Pattern.compile(
                  "Reload failed: generation \\d+: .*--certfile "
                      + Pattern.quote(used + " " + broken.getValue())
                      + ".*generation 1 keeps serving"),
              Limits.START);
      assertThat(arbiter.awaitServing(1)).isEqualTo(workers);
      assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=first");
    }

    Files.copy(second, used, StandardCopyOption.REPLACE_EXISTING);
    arbiter.signal(Os.Signal.HUP);
    arbiter.log().await(NEW, Limits.ANSWER);
    assertThat(shown(port, Certificates.trusting(first, second))).isEqualTo("CN=second");
    assertThat(arbiter.workers()).isEqualTo(workers);
  }

  /** With two workers, and an address in the clear beside. */
  private ArbiterProcess start(String kind, Path certificate, String... more) throws Exception {
    return arbiters
        .command()
        .kind(kind)
        .workers(2)
        .args("--certfile", certificate.toString(), "--insecure-bind", "127.0.0.1:0")
        .args(more)
        .faulty()
        .start();
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aSessionGoesOnInAnotherWorkerAndAfterAReloadAndAnUpgrade(String protocol) throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "first");
    SSLContext context = Certificates.trusting(certificate);
    ArbiterProcess arbiter = start("netty", certificate, "--ssl-provider", "openssl");
    int port = arbiter.tlsPort();
    Set<Long> workers = arbiter.awaitServing(2);

    assertThat(resume(port, context, protocol, workers)).isFalse(); // the first one ever
    arbiter.signal(Os.Signal.HUP);
    workers = arbiter.awaitReplaced(workers, 2);
    assertThat(resume(port, context, protocol, workers)).isTrue();
    arbiter.signal(Os.Signal.USR2);
    workers = arbiter.awaitReplaced(workers, 2);
    assertThat(resume(port, context, protocol, workers)).isTrue();
    for (long worker : workers) {
      assertThat(Proc.commandLine(worker)).doesNotContainIgnoringCase("ticket");
    }
  }

  /**
   * Connects until each of {@code workers} has served; every connection but the first must go on
   * with the session of the one before. Answers whether the first did.
   */
  private static boolean resume(int port, SSLContext context, String protocol, Set<Long> workers)
      throws IOException {
    Set<Long> seen = new HashSet<>();
    boolean first = false;
    for (int i = 0; i < 200 && !seen.containsAll(workers); i++) {
      Session session = connect(port, context, protocol);
      seen.add(session.worker());
      if (i == 0) {
        first = session.resumed();
      } else {
        assertThat(session.resumed()).as("connection %d, of %s", i, seen).isTrue();
      }
    }
    assertThat(seen).containsAll(workers);
    return first;
  }

  /** Who served a connection, and whether it went on with the session of the one before. */
  private record Session(long worker, boolean resumed) {}

  private static Session connect(int port, SSLContext context, String protocol) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(Math.toIntExact(Limits.ANSWER.toMillis()));
      socket.setEnabledProtocols(new String[] {protocol});
      socket.startHandshake();
      // Values go with a session, whatever its id becomes.
      boolean resumed = socket.getSession().getValue("seen") != null;
      socket.getSession().putValue("seen", true);
      RawClient client = new RawClient(socket, socket.getInputStream(), socket.getOutputStream());
      return new Session(client.pid(), resumed);
    }
  }

  @Tag("slow")
  @EachKind
  void withTheJdkASessionGoesOnOnlyWhereItBeganWhichIsSaid(String kind) throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "server");
    SSLContext context = Certificates.trusting(certificate);
    ArbiterProcess arbiter = start(kind, certificate, "--ssl-provider", "jdk");
    int port = arbiter.tlsPort();
    Set<Long> workers = arbiter.awaitServing(2);
    arbiter.log().await(Pattern.compile("each worker resumes only the sessions"), Limits.ANSWER);
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      Session before = connect(port, context, protocol);
      // Who follows whom is the system's choice: a worker may never have two in a row.
      boolean changed = false;
      for (int i = 0; i < 200 && !changed; i++) {
        Session session = connect(port, context, protocol);
        boolean same = session.worker() == before.worker();
        assertThat(session.resumed())
            .as("%s after %s, %s", session, before, protocol)
            .isEqualTo(same);
        changed = !same;
        before = session;
      }
      assertThat(changed).as("both of %s have served", workers).isTrue();
    }
  }

  @Test
  void openSslThatCannotBeLoadedIsRefusedWithOneLine() throws Exception {
    arbiters.expectError(".*");
    Command.Finished finished =
        arbiters
            .command()
            .kind("netty")
            .args(
                "--certfile",
                Certificates.make(arbiters.folder(), "first").toString(),
                "--ssl-provider",
                "openssl")
            .args("--java-opts", "-Dio.netty.handler.ssl.noOpenSsl=true")
            .faulty()
            .run(Limits.START);
    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.log().text())
        .contains("OpenSSL cannot be loaded: ", "--ssl-provider jdk does without");
  }

  private static String shown(int port, SSLContext context) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.startHandshake();
      return socket.getSession().getPeerPrincipal().getName();
    }
  }
}
