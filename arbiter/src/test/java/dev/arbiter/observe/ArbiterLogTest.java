package dev.arbiter.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.worker.Syslog;
import dev.arbiter.worker.SyslogAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The forms of the arbiter's log, and where else it goes. */
@Timeout(30)
final class ArbiterLogTest {
  private static final long PATIENCE = 10_000;

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("log");
  }

  private LogPlan configured(LogPlan.Configuration configuration) {
    return new LogPlan(
        "info", Optional.empty(), false, false, Optional.of(configuration), Optional.empty());
  }

  private LogPlan told(Syslog syslog) {
    return new LogPlan(
        "info", Optional.of(file()), false, false, Optional.empty(), Optional.of(syslog));
  }

  private static Syslog syslog(SyslogAddress address, String facility) {
    return new Syslog(address, facility, "shop");
  }

  @Test
  void jsonIsAnObjectInALine() throws Exception {
    ArbiterLog log =
        new ArbiterLog(
            new LogPlan(
                "info", Optional.of(file()), true, false, Optional.empty(), Optional.empty()));
    log.warning("a \"b\"\nc\u0001");
    log.log("debug", "not this");
    log.log("critical", "d");
    log.flush(PATIENCE);
    List<String> lines = Files.readAllLines(file());
    assertThat(lines).hasSize(2);
    assertThat(lines.getFirst())
        .matches(
            "\\{\"time\":\"20[-0-9]{8}T[0-9:.]+Z\",\"level\":\"warning\",\"pid\":[0-9]+,"
                + "\"message\":\"a \\\\\"b\\\\\"\\\\nc\\\\u0001\"}");
    assertThat(lines.getLast()).contains("\"level\":\"critical\"").contains("\"message\":\"d\"");
  }

  @Test
  void nothingInATextLooksLikeARecordOrSteersATerminal() throws Exception {
    String forged = "no page \n[2026-11-28 12:00:00 +0000] [1] [INFO] all is well\u001b[2J\u2028";
    ArbiterLog log = new ArbiterLog(LogPlan.text("info", Optional.of(file())));
    log.error("failed: java.lang.X: " + forged + "\n\tat app.App.handle(App.java:3)");
    log.printed("info", "worker 0 (pid 7) | \u001b[32mINFO\u001b[m \u001b]0;title\u0007\r");
    log.flush(PATIENCE);
    List<String> lines = Files.readAllLines(file());
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).endsWith("[ERROR] failed: java.lang.X: no page ");
    assertThat(lines.get(1))
        .isEqualTo("    [2026-11-28 12:00:00 +0000] [1] [INFO] all is well\\x1b[2J\\u2028");
    assertThat(lines.get(2)).isEqualTo("    \tat app.App.handle(App.java:3)");
    assertThat(lines.get(3)).endsWith("| \u001b[32mINFO\u001b[m \\x1b]0;title\\x07\\x0d");
  }

  @Test
  void jsonHidesNothingThatATerminalWouldObey() throws Exception {
    ArbiterLog log =
        new ArbiterLog(
            new LogPlan(
                "info", Optional.of(file()), true, false, Optional.empty(), Optional.empty()));
    log.info("a\u001b[2J\u009b2J\u2028b");
    log.flush(PATIENCE);
    assertThat(Files.readString(file()).lines().toList())
        .singleElement()
        .asString()
        .endsWith("\"message\":\"a\\u001B[2J\\u009b2J\\u2028b\"}");
  }

  @Test
  void aFileOfLog4jDecidesFormAndPlaceAndLevels() throws Exception {
    Path xml = folder.resolve("log4j2.xml");
    Files.writeString(
        xml,
        """
        <Configuration>
          <Appenders>
            <File name="f" fileName="%s">
              <PatternLayout pattern="%%c/%%p: %%m%%n"/>
            </File>
          </Appenders>
          <Loggers>
            <Root level="debug"><AppenderRef ref="f"/></Root>
          </Loggers>
        </Configuration>
        """
            .formatted(file()));
    ArbiterLog log = new ArbiterLog(configured(new LogPlan.ConfigurationFile(xml)));
    log.log("debug", "one");
    log.log("trace", "not this");
    log.flush(PATIENCE);
    assertThat(Files.readString(file())).isEqualTo("arbiter/DEBUG: one\n");

    Files.move(file(), folder.resolve("log.1"));
    log.reopen();
    log.info("two");
    log.flush(PATIENCE);
    assertThat(Files.readString(file())).isEqualTo("arbiter/INFO: two\n");
  }

  @Test
  void propertiesAreTakenToo() throws Exception {
    Path properties = folder.resolve("log4j2.properties");
    Files.writeString(
        properties,
        """
        appender.f.type = File
        appender.f.name = f
        appender.f.fileName = %s
        appender.f.layout.type = PatternLayout
        appender.f.layout.pattern = %%m!%%n
        rootLogger.level = info
        rootLogger.appenderRef.f.ref = f
        """
            .formatted(file()));
    ArbiterLog log = new ArbiterLog(configured(new LogPlan.ConfigurationFile(properties)));
    log.info("one");
    log.flush(PATIENCE);
    assertThat(Files.readString(file())).isEqualTo("one!\n");
  }

  /** A hook of Log4j's would close the log before the arbiter's last line. */
  @Test
  void noFormOfConfigurationBringsAHookForTheEnd() throws Exception {
    Path properties = folder.resolve("log4j2.properties");
    Files.writeString(
        properties,
        """
        shutdownHook = enable
        appender.f.type = File
        appender.f.name = f
        appender.f.fileName = %s
        appender.f.layout.type = PatternLayout
        rootLogger.level = info
        rootLogger.appenderRef.f.ref = f
        """
            .formatted(file()));
    Path xml = folder.resolve("log4j2.xml");
    Files.writeString(
        xml,
        "<Configuration shutdownHook=\"enable\"><Appenders><File name=\"f\" fileName=\"%s\"/></Appenders>"
                .formatted(file())
            + "<Loggers><Root level=\"info\"><AppenderRef ref=\"f\"/></Root></Loggers></Configuration>");
    for (Path one : List.of(properties, xml)) {
      Configuration configuration =
          ConfiguredTarget.configuration(
              new LogPlan.ConfigurationFile(one), new LoggerContext("test"));
      assertThat(configuration.isShutdownHookEnabled()).as(one.toString()).isFalse();
    }
  }

  @Test
  void aTreeSaysWhatAFileWould() throws Exception {
    Map<String, Object> tree =
        Map.of(
            "Configuration",
            Map.of(
                "Appenders",
                Map.of(
                    "File",
                    Map.of(
                        "name",
                        "f",
                        "fileName",
                        file().toString(),
                        "PatternLayout",
                        Map.of("pattern", "<%m>"))),
                "Loggers",
                Map.of(
                    "Root", Map.of("level", "warn", "AppenderRef", List.of(Map.of("ref", "f"))))));
    ArbiterLog log = new ArbiterLog(configured(new LogPlan.ConfigurationTree(tree)));
    log.info("not this");
    log.warning("one");
    log.flush(PATIENCE);
    assertThat(Files.readString(file())).isEqualTo("<one>");
  }

  @Test
  void aWrongConfigurationIsRefusedAndSaysWhy() throws Exception {
    Path broken = folder.resolve("broken.xml");
    Files.writeString(broken, "<Configuration><Appenders>");
    assertThatThrownBy(() -> new ArbiterLog(configured(new LogPlan.ConfigurationFile(broken))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken.xml");
    Path unknown = folder.resolve("unknown.xml");
    Files.writeString(
        unknown,
        "<Configuration><Appenders><Fiel name=\"f\"/></Appenders>"
            + "<Loggers><Root level=\"info\"><AppenderRef ref=\"f\"/></Root></Loggers></Configuration>");
    assertThatThrownBy(() -> new ArbiterLog(configured(new LogPlan.ConfigurationFile(unknown))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Fiel");
    assertThatThrownBy(
            () ->
                new ArbiterLog(
                    configured(
                        new LogPlan.ConfigurationTree(
                            Map.of("version", 1L, "handlers", Map.of())))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("one of Python's");
  }

  @Test
  void syslogGetsEachLineAsADatagram() throws Exception {
    try (DatagramSocket daemon = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      daemon.setSoTimeout((int) PATIENCE);
      ArbiterLog log =
          new ArbiterLog(
              told(
                  syslog(
                      SyslogAddress.parse("udp://127.0.0.1:" + daemon.getLocalPort()), "local3")));
      log.error("first\n\tat second");
      String form =
          "<%d>[A-Z][a-z]{2} [ 0-9]\\d \\d\\d:\\d\\d:\\d\\d \\S+ shop\\["
              + ProcessHandle.current().pid()
              + "]: ";
      assertThat(receive(daemon)).matches(form.formatted(19 * 8 + 3) + "first");
      assertThat(receive(daemon)).matches(form.formatted(19 * 8 + 3) + " {4}\tat second");
      log.flush(PATIENCE);
      assertThat(Files.readString(file())).contains("[ERROR] first");
    }
  }

  private static String receive(DatagramSocket daemon) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[8192], 8192);
    daemon.receive(packet);
    return new String(packet.getData(), 0, packet.getLength(), UTF_8);
  }

  @Test
  void syslogOnThisMachineIsASocketOfDatagrams() throws Exception {
    Path path = folder.resolve("dev-log");
    try (UnixDatagramChannel daemon = UnixDatagramChannel.open()) {
      daemon.bind(new UnixSocketAddress(path.toFile()));
      ArbiterLog log = new ArbiterLog(told(syslog(SyslogAddress.parse("unix://" + path), "user")));
      log.info("one");
      ByteBuffer datagram = ByteBuffer.allocate(8192);
      daemon.receive(datagram);
      assertThat(UTF_8.decode(datagram.flip()).toString())
          .matches("<14>[A-Z][a-z]{2} .{11} shop\\[\\d+]: one");
    }
  }

  @Test
  void syslogOverAStreamHasALineForEach() throws Exception {
    try (ServerSocket daemon = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      ArbiterLog log =
          new ArbiterLog(
              told(
                  syslog(SyslogAddress.parse("tcp://127.0.0.1:" + daemon.getLocalPort()), "user")));
      log.info("one");
      log.log("critical", "two");
      try (Socket accepted = daemon.accept()) {
        accepted.setSoTimeout((int) PATIENCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(accepted.getInputStream(), UTF_8));
        assertThat(lines.readLine()).startsWith("<14>").endsWith(": one");
        assertThat(lines.readLine()).startsWith("<10>").endsWith(": two");
      }
    }
  }

  @Test
  void theLogSaysOnceThatNobodyListensAndGoesOn() throws Exception {
    SocketAddress gone;
    try (DatagramChannel nobody = DatagramChannel.open()) {
      gone =
          nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).getLocalAddress();
    }
    int port = ((InetSocketAddress) gone).getPort();
    ArbiterLog log =
        new ArbiterLog(told(syslog(SyslogAddress.parse("tcp://127.0.0.1:" + port), "user")));
    log.info("one");
    log.info("two");
    log.flush(PATIENCE);
    log.flush(PATIENCE); // the warning was queued behind the first
    assertThat(Files.readAllLines(file()))
        .filteredOn(line -> line.contains("Syslog does not get these lines"))
        .hasSize(1);
    assertThat(Files.readString(file())).contains("one").contains("two");
  }
}
