package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.app.Headers;
import dev.arbiter.worker.BootFailure;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.RandomAccessFile;
import java.lang.reflect.Field;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir Path folder;

  @Test
  void recordsAreWrittenInOrder() throws Exception {
    Path file = folder.resolve("access.log");
    AccessLog log = open(file);
    for (int i = 0; i < 3000; i++) {
      log.record(entry("/" + i));
    }
    log.close(PATIENCE);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(3000);
    assertThat(lines.get(2999)).isEqualTo("GET /2999 HTTP/1.1");
    assertThat(log.dropped()).isZero();
  }

  @Test
  void nothingIsWrittenWhenOff() throws Exception {
    Path file = folder.resolve("access.log");
    AccessLog log =
        AccessLog.open(
            new FixtureContext(Map.of("access-log", "false", "access-logfile", file.toString())));
    log.record(entry("/"));
    log.close(PATIENCE);
    assertThat(log.on()).isFalse();
    assertThat(file).doesNotExist();
  }

  @Test
  void syslogGetsTheLinesBesideTheFile() throws Exception {
    Path file = folder.resolve("access.log");
    try (DatagramSocket daemon = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      daemon.setSoTimeout((int) PATIENCE.toMillis());
      Map<String, String> settings =
          Map.of(
              "access-logfile", file.toString(),
              "access-logformat", "%(r)s",
              "log-syslog", "true",
              "log-syslog-to", "udp://127.0.0.1:" + daemon.getLocalPort(),
              "log-syslog-prefix", "shop");
      AccessLog log = AccessLog.open(new FixtureContext(settings));
      log.record(entry("/one"));
      DatagramPacket packet = new DatagramPacket(new byte[8192], 8192);
      daemon.receive(packet);
      assertThat(new String(packet.getData(), 0, packet.getLength(), US_ASCII))
          .matches("<14>.{15} \\S+ shop\\[\\d+]: GET /one HTTP/1.1");
      log.close(PATIENCE);
      assertThat(Files.readAllLines(file)).containsExactly("GET /one HTTP/1.1");
    }
  }

  @Test
  void theAccessLogIsKeptOutOfSyslogWhenAsked() throws Exception {
    AccessLog log =
        AccessLog.open(
            new FixtureContext(
                Map.of("log-syslog", "true", "disable-redirect-access-to-syslog", "true")));
    assertThat(log.on()).isFalse();
  }

  @Test
  void aRenamedFileIsLeftWhenReopened() throws Exception {
    Path file = folder.resolve("access.log");
    Path old = folder.resolve("access.log.1");
    AccessLog log = open(file);
    log.record(entry("/before"));
    while (Files.size(file) == 0) {
      Thread.onSpinWait();
    }
    Files.move(file, old);
    log.reopen();
    while (!Files.exists(file)) {
      Thread.onSpinWait();
    }
    log.record(entry("/after"));
    log.close(PATIENCE);
    assertThat(Files.readString(old)).contains("/before").doesNotContain("/after");
    assertThat(Files.readString(file)).contains("/after");
  }

  @Test
  void aReaderThatStandsStillCostsRecordsButNoTime() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    Semaphore go = new Semaphore(0);
    AccessLog log =
        AccessLog.open(
            new FixtureContext(Map.of()),
            "-",
            (_, _) -> {
              blocked.countDown();
              go.acquireUninterruptibly();
            });
    log.record(entry("/first"));
    blocked.await();
    for (int i = 0; i < 20_000; i++) {
      log.record(entry("/x"));
    }
    assertThat(log.dropped()).isBetween(1L, 4000L);
    log.close(Duration.ofMillis(1));
    go.release(1_000_000);
  }

  @Test
  void linesOfTwoWorkersInOnePipeStayWhole() throws Exception {
    Path fifo = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    // Opened for both, so that neither end waits for the other (fifo(7)).
    try (RandomAccessFile writeEnd = new RandomAccessFile(fifo.toFile(), "rw");
        BufferedReader reader = Files.newBufferedReader(fifo)) {
      Field number = FileDescriptor.class.getDeclaredField("fd");
      number.setAccessible(true);
      int fd = number.getInt(writeEnd.getFD());
      AccessLog[] logs = new AccessLog[2];
      for (int w = 0; w < logs.length; w++) {
        logs[w] =
            AccessLog.open(
                new FixtureContext(Map.of("access-logformat", "%(U)s.")),
                "-",
                new LogSink.Descriptor(fd));
      }
      for (int i = 0; i < 2000; i++) {
        logs[0].record(entry("a".repeat(700)));
        logs[1].record(entry("b".repeat(900)));
      }
      for (int i = 0; i < 4000; i++) {
        assertThat(reader.readLine()).matches("a{700}\\.|b{900}\\.");
      }
      for (AccessLog log : logs) {
        log.close(PATIENCE);
        assertThat(log.dropped()).isZero();
      }
    }
  }

  @Test
  void aFileThatCannotBeOpenedFailsTheBoot() {
    BootFailure failure =
        catchThrowableOfType(BootFailure.class, () -> open(folder.resolve("none/access.log")));
    assertThat(failure).hasMessageContaining("none/access.log");
    assertThat(failure.exitCode()).isEqualTo(BootFailure.WRONG_SETTING);
  }

  private static AccessLog open(Path file) throws BootFailure {
    return AccessLog.open(
        new FixtureContext(Map.of("access-logfile", file.toString(), "access-logformat", "%(r)s")));
  }

  private static AccessRecord entry(String target) {
    return new AccessRecord(
        null, 0, "GET", target, "HTTP/1.1", Headers.empty(), 200, Headers.empty(), 0, 0);
  }
}
