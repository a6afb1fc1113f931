package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What settings do that no other test is about: many of them in one arbiter, given in all the
 * places there are.
 */
@Tag("slow")
final class SettingsEffectTest {
  private static final String SECRET = "tru5t-n0-one";
  private static final String APP =
      """
      package app;

      import dev.arbiter.app.BlockingApp;
      import dev.arbiter.app.Lifespan;
      import dev.arbiter.app.Request;
      import dev.arbiter.app.Response;

      public final class App implements BlockingApp {
        private boolean started;

        @Override
        public void startup(Lifespan lifespan) {
          started = true;
        }

        @Override
        public Response handle(Request request) throws Exception {
          return switch (request.path()) {
            case "/pid" -> Response.text(Long.toString(ProcessHandle.current().pid()));
            case "/ws" -> Response.webSocket(_ -> {});
            default -> Response.text(
                request.method() + " " + request.headers().first("x-a").orElse("none") + " started="
                    + started + " " + System.getenv("OF_FILE") + " " + System.getenv("OF_FLAG"));
          };
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void manySettingsAtOnce(String kind) throws Exception {
    SourceApp.write(arbiters.folder(), APP);
    Path uds = arbiters.folder().resolve("web.sock");
    Files.writeString(arbiters.folder().resolve("dev.env"), "OF_FILE=a\nOF_FLAG=a\n");
    Files.writeString(
        arbiters.folder().resolve("arbiter.toml"),
        """
        lifespan = "off"
        limit-request-fields = 6
        uds-permissions = "0660"
        log_syslog_facility = "local5"
        """);
    try (DatagramSocket daemon = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      daemon.setSoTimeout((int) Limits.ANSWER.toMillis());
      ArbiterProcess arbiter =
          arbiters
              .command()
              .kind(kind)
              .env("ARBITER_LIMIT_REQUEST_LINE", "200")
              .env("ARBITER_ENV_FILE", "dev.env")
              .env("ARBITER_ARGS", "--limit-request-field-size 100 --worker-connections 4")
              .env("ARBITER_BACKLOG", "2")
              .args("--uds", uds.toString(), "--uds-owner", owner(), "-e", "OF_FLAG=b")
              .args("--permit-obsolete-folding", "--strip-header-spaces", "--casefold-http-method")
              .args("--permit-unconventional-http-version", "--http-protocols", "h1")
              .args("--no-ws-per-message-deflate", "--log-syslog-prefix", "shop", "--log-syslog")
              .args("--log-syslog-to", "udp://127.0.0.1:" + daemon.getLocalPort())
              .app("app:App")
              .start();

      heads(arbiter);
      try (RawClient client = RawClient.unix(uds)) {
        assertThat(client.get("/").body()).as("lifespan, env-file, env").endsWith("=false a b");
      }
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(uds)))
          .isEqualTo("rw-rw----");
      assertThat(Files.getOwner(uds).getName()).isEqualTo(owner());
      upgrade(arbiter);
      connections(arbiter);
      assertThat(arbiter.log().contains(Pattern.compile("--http-protocols h1 means http 1")))
          .isTrue();
      syslog(daemon, arbiter.pid());
    }
  }

  /** Only root can give a file away. */
  private static String owner() {
    String user = ProcessHandle.current().info().user().orElseThrow();
    return user.equals("root") ? "nobody" : user;
  }

  private static void heads(ArbiterProcess arbiter) throws Exception {
    String lenient = "get / HTTP/1.2\r\nHost : test\r\nX-A: 1\r\n  2\r\n\r\n";
    assertThat(ask(arbiter, lenient).body()).startsWith("GET 1 2 ");
    String line = "GET /%s HTTP/1.1\r\nHost: test\r\n";
    assertThat(ask(arbiter, line.formatted("a".repeat(200)) + "\r\n").status()).isEqualTo(414);
    String field = "X-A: " + "a".repeat(100) + "\r\n";
    assertThat(ask(arbiter, line.formatted("") + field + "\r\n").status()).isEqualTo(431);
    String fields = "X-A: 1\r\n".repeat(6);
    assertThat(ask(arbiter, line.formatted("") + fields + "\r\n").status()).isEqualTo(431);
  }

  private static Answer ask(ArbiterProcess arbiter, String raw) throws Exception {
    try (RawClient client = arbiter.connect()) {
      return client.send(raw).answer();
    }
  }

  private static void upgrade(ArbiterProcess arbiter) throws Exception {
    try (RawClient client = arbiter.connect()) {
      Answer answer =
          client
              .send(
                  String.join(
                      "\r\n",
                      "GET /ws HTTP/1.1",
                      "Host: a",
                      "Upgrade: websocket",
                      "Connection: Upgrade",
                      "Sec-WebSocket-Version: 13",
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                      "",
                      ""))
              .nextAnswer();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.header("sec-websocket-extensions")).isEmpty();
    }
  }

  /**
   * Four are served, the backlog and one wait in the queue (listen(2): Linux takes one more than it
   * is told), nobody else is connected; who waits is served when one of the four has gone.
   */
  private static void connections(ArbiterProcess arbiter) throws Exception {
    List<RawClient> held = new ArrayList<>();
    try {
      while (held.size() < 4) {
        held.add(arbiter.connect());
        assertThat(held.getLast().get("/pid").status()).isEqualTo(200);
      }
      while (held.size() < 4 + 2 + 1) {
        held.add(arbiter.connect());
      }
      try (Socket refused = new Socket()) {
        assertThatThrownBy(() -> refused.connect(arbiter.address(), 300))
            .isInstanceOf(SocketTimeoutException.class);
      }
      RawClient fifth = held.get(4).request("/pid");
      held.getFirst().close();
      assertThat(fifth.answer().status()).isEqualTo(200);
    } finally {
      for (RawClient client : held) {
        client.close();
      }
    }
  }

  private static void syslog(DatagramSocket daemon, long pid) throws IOException {
    boolean arbiters = false;
    boolean workers = false;
    DatagramPacket packet = new DatagramPacket(new byte[8192], 8192);
    while (!arbiters || !workers) {
      daemon.receive(packet);
      String text = new String(packet.getData(), 0, packet.getLength(), UTF_8);
      assertThat(text).matches("(?s)<17[0-9]>.{15} \\S+ shop\\[\\d+]: .*");
      arbiters |= text.contains("shop[" + pid + "]: Starting arbiter");
      workers |= text.contains("\"GET / HTTP/1.1\" 200") && !text.contains("shop[" + pid + "]");
    }
  }

  @Test
  void aPasswordIsNowhereToBeSeen() throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"fine\""));
    Path folder = arbiters.folder();
    String key = " -pass%s pass:" + SECRET + " -%s " + folder.resolve("key.pem");
    openssl("genrsa -aes256" + key.formatted("out", "out"));
    openssl(
        "req -x509 -subj /CN=localhost -days 2"
            + key.formatted("in", "key")
            + " -out "
            + folder.resolve("cert.pem"));
    Files.writeString(
        folder.resolve("arbiter.toml"),
        "certfile = \"cert.pem\"\nkeyfile = \"key.pem\"\nssl-keyfile-password = \"%s\"\nlog-level = \"trace\"\n"
            .formatted(SECRET));

    ArbiterProcess arbiter = arbiters.command().kind("netty").app("app:App").launch().awaitReady(1);
    assertThat(arbiter.workers())
        .hasSize(1)
        .allSatisfy(pid -> assertThat(Proc.commandLine(pid)).doesNotContain(SECRET));
    assertThat(Proc.commandLine(arbiter.pid())).doesNotContain(SECRET);
    assertThat(Ctl.run(arbiters, "config").out())
        .contains("ssl-keyfile-password")
        .doesNotContain(SECRET);
    assertThat(arbiter.log().text()).doesNotContain(SECRET);

    Command.Finished printed =
        arbiters.command().args("--print-config").app("app:App").runBare(Limits.START);
    assertThat(printed.log().text()).contains("ssl-keyfile-password").doesNotContain(SECRET);
    Command.Finished refused =
        arbiters
            .command()
            .args("--ssl-keyfile-password", SECRET)
            .app("app:App")
            .runBare(Limits.START);
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.log().text()).doesNotContain(SECRET);
  }

  private static void openssl(String arguments) throws Exception {
    List<String> line = new ArrayList<>(List.of("openssl"));
    line.addAll(List.of(arguments.split(" ")));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
  }

  /** How many stand beside those they replace, as the log counts them. */
  @Test
  void aReloadIsAsLargeAsItMayBe() throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"fine\""));
    Path file = arbiters.folder().resolve("arbiter.toml");
    Files.writeString(file, "max-surge = 0\nmax-unavailable = 1\nworker-heap = \"64M\"\n");
    ArbiterProcess arbiter = arbiters.command().kind("netty").workers(3).app("app:App").start();
    arbiter.log().await(Pattern.compile("Fleet STEADY: 3 serving"), Limits.START);
    int mark = arbiter.log().mark();
    assertThat(Ctl.run(arbiters, "reload", "--wait").exitCode()).isZero();
    assertThat(mostAtOnce(arbiter, mark)).as("none beside, one missing").isEqualTo(3);

    Files.writeString(file, "canary = \"2/1s\"\nmax-surge = 2\nworker-heap = \"64M\"\n");
    mark = arbiter.log().mark();
    assertThat(Ctl.run(arbiters, "reload", "--wait").exitCode()).isZero();
    assertThat(mostAtOnce(arbiter, mark)).as("two beside").isEqualTo(3 + 2);
    assertThat(
            arbiter.log().lines().stream()
                .skip(mark)
                .anyMatch(line -> line.text().contains("Fleet PROBATION: ")))
        .as("tried, although --probation is 0")
        .isTrue();
  }

  private static int mostAtOnce(ArbiterProcess arbiter, int mark) {
    return arbiter.log().lines().stream()
        .skip(mark)
        .map(
            line ->
                Pattern.compile("Fleet \\w+: (\\d+) serving, (\\d+) booting").matcher(line.text()))
        .filter(Matcher::find)
        .mapToInt(found -> Integer.parseInt(found.group(1)) + Integer.parseInt(found.group(2)))
        .max()
        .orElse(0);
  }

  @Test
  void aReloadReadsAllPlacesAgainAndNamesWhatItCannotChange() throws Exception {
    Path folder = arbiters.folder();
    SourceApp.write(
        folder, SourceApp.blocking("System.getenv(\"OF_FILE\") + System.getenv(\"A\")"));
    Files.writeString(folder.resolve("dev.env"), "OF_FILE=1\n");
    Path file = folder.resolve("arbiter.toml");
    Files.writeString(
        file, "env-file = \"dev.env\"\nprobation = 0\nloop = \"nio\"\nenv = {A = \"1\"}\n");
    ArbiterProcess arbiter = arbiters.command().kind("netty").app("app:App").launch().awaitReady(1);
    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("11");
      assertThat(Files.readString(Path.of("/proc/" + client.pid() + "/maps")))
          .as("--loop nio needs no library of Netty's for it")
          .doesNotContain("transport_native_epoll");
    }

    Files.writeString(folder.resolve("dev.env"), "OF_FILE=2\n");
    Files.writeString(
        file,
        "env-file = \"dev.env\"\nprobation = 0\nenv = {A = \"2\"}\nname = \"other\"\nlog-level = \"debug\"\n");
    assertThat(Ctl.run(arbiters, "reload", "--wait").exitCode()).isZero();
    arbiter.log().await(Pattern.compile("left: reload"), Limits.CHANGE);

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/").body()).isEqualTo("22");
    }
    for (String change :
        List.of("name \\(\"arbiter\", now \"other\"\\)", "log-level \\(.*debug\"\\)")) {
      arbiter.log().await(Pattern.compile("A reload cannot change " + change), Limits.ANSWER);
    }

    Files.writeString(file, "wrokers = 3\n");
    Ctl failed = Ctl.run(arbiters, "reload", "--wait");
    assertThat(failed.exitCode()).isEqualTo(1);
    arbiters.expectError("wrokers");
    arbiter
        .log()
        .await(
            Pattern.compile(
                "arbiter.toml:1:1: wrokers = 3: no setting has this name; the nearest is workers"),
            Limits.ANSWER);
  }

  /** In place of this machine, which is trusted where nobody says anything. */
  @Test
  void aVariableOfOthersSaysWhoseWordIsTaken() throws Exception {
    SourceApp.write(
        arbiters.folder(), SourceApp.blocking("request.client().orElseThrow().toString()"));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .env("FORWARDED_ALLOW_IPS", "127.0.0.2")
            .app("app:App")
            .start();
    assertThat(clientOf(arbiter, "127.0.0.2")).startsWith("/192.0.2.7:");
    assertThat(clientOf(arbiter, "127.0.0.1")).startsWith("/127.0.0.1:");
  }

  /** Whom the app takes for its client when this address claims to speak for another. */
  private static String clientOf(ArbiterProcess arbiter, String from) throws Exception {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(from, 0));
      socket.connect(arbiter.address());
      socket.setSoTimeout((int) Limits.ANSWER.toMillis());
      return new RawClient(socket, socket.getInputStream(), socket.getOutputStream())
          .head("GET / HTTP/1.1", "Host: test", "X-Forwarded-For: 192.0.2.7")
          .answer()
          .body();
    }
  }
}
