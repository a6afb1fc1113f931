package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsExchange;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Hooks;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.app.WebSocket;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.app.WebSocketScopeWrapper;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.app.middleware.Middleware;
import dev.arbiter.app.middleware.TrustedHosts;
import dev.arbiter.http.RawClient.Answer;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every kind of worker does with TLS: a kind's test says how it is started. */
public abstract class TlsContract {
  /** As text and bytes: large enough to fill the buffers of a client that does not read. */
  private static final int LARGE = 12 << 20;

  private static final String HANDSHAKE =
      """
      GET /socket HTTP/1.1\r
      Host: a\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
      \r
      """;

  /** A worker that serves connections, without an arbiter. */
  public interface Server extends AutoCloseable {
    /** Where it listens. */
    int port() throws IOException;

    /** Accepts one connection and gives it to the worker. */
    void serveNext() throws IOException;

    /** Begins to leave. */
    void drain(Duration linger);

    /** As on USR1. */
    void reopen();

    /** What it told the arbiter. */
    List<String> said();

    /** Connections that are open. */
    int open();

    @Override
    void close();
  }

  @TempDir Path folder;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestCertificates authority;
  private SSLContext client;
  private @Nullable Server running;

  /** For the subclasses. */
  protected TlsContract() {}

  /** Starts a worker with that app and those settings. */
  protected abstract Server start(dev.arbiter.app.App app, String... settings) throws Exception;

  /** Whether one side may end, and the other go on (RFC 8446 section 6.1). */
  protected boolean endsEachSideAlone() {
    return true;
  }

  /** Whether a client that offers only what nobody here speaks is refused. */
  protected boolean refusesUnknownProtocols() {
    return true;
  }

  /** Whether an app that waits is told of a client that ends its side in TLS and not in TCP. */
  protected boolean tellsOfTheEndInTlsAlone() {
    return true;
  }

  /** Whether a client may ask for a name that the JDK takes for none. */
  protected boolean takesAnyName() {
    return false;
  }

  @BeforeEach
  void issue() throws Exception {
    authority = new TestCertificates("Test Authority");
    authority.issue("EC", "localhost").write(folder, "server");
    client = authority.client();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened.reversed()) {
      one.close();
    }
  }

  private Server serve(String... more) throws Exception {
    return serve(new App(), more);
  }

  private Server serve(dev.arbiter.app.App app, String... more) throws Exception {
    String[] settings = {
      "certfile", folder + "/server.pem", "keyfile", folder + "/server.key", "tls-listeners", "6"
    };
    String[] all = java.util.Arrays.copyOf(settings, settings.length + more.length);
    System.arraycopy(more, 0, all, settings.length, more.length);
    Server server = start(app, all);
    opened.add(server);
    running = server;
    return server;
  }

  private Socket socket() throws IOException {
    return socket(new Socket(InetAddress.getLoopbackAddress(), server().port()));
  }

  private Socket socket(Socket socket) throws IOException {
    opened.add(socket);
    server().serveNext();
    socket.setSoTimeout(10_000);
    return socket;
  }

  private Server server() {
    if (running == null) {
      throw new IllegalStateException();
    }
    return running;
  }

  private TlsClient connect() throws IOException {
    return connect(client, "localhost", "");
  }

  private TlsClient connect(SSLContext context, String name, String protocol) throws IOException {
    TlsClient connected = new TlsClient(socket(), context, name, protocol);
    opened.add(connected);
    return connected;
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static byte[] large() {
    byte[] large = new byte[LARGE];
    new java.util.Random(1).nextBytes(large);
    return large;
  }

  /** Says what it sees. */
  private static final class App implements BlockingApp {
    @Override
    public Response handle(Request request) throws Exception {
      return switch (request.path()) {
        case "/tls" ->
            Response.text(request.scheme() + " " + request.tls().map(App::told).orElse("-"));
        case "/digest" -> Response.text(digest(request.body().readAllBytes()));
        case "/large" -> Response.bytes("application/octet-stream", large());
        case "/stream" -> {
          byte[] body = request.body().readAllBytes();
          yield Response.stream(
              "text/plain",
              out -> {
                for (byte one : body) {
                  out.write(new byte[] {one});
                  out.flush();
                }
              });
        }
        case "/socket" ->
            Response.webSocket(
                socket -> {
                  if (socket.receive() instanceof WebSocket.Message.Text(String text)) {
                    socket.sendText(request.scheme() + " " + text);
                  }
                  socket.close(1000, "");
                });
        case "/file" -> Response.file("text/plain", Path.of(request.query()));
        case "/client" -> Response.text(request.scheme() + " " + request.client().orElseThrow());
        case "/cut" ->
            Response.stream(
                "text/plain",
                out -> {
                  out.write("half".getBytes(ISO_8859_1));
                  out.flush();
                  throw new IllegalStateException("cut on purpose");
                });
        default -> Response.text("hello " + request.target());
      };
    }

    private static String told(TlsInfo tls) {
      String shown =
          tls.clientCertificates().stream()
              .map(one -> one.getSubjectX500Principal().getName())
              .findFirst()
              .orElse("-");
      return tls.protocol() + " " + tls.serverName().orElse("-") + " " + shown;
    }
  }

  // ---- what else goes through it

  @Test
  void theAccessLogHasWhatItHasInTheClear() throws Exception {
    Path log = folder.resolve("access.log");
    serve(
        "access-log",
        "true",
        "access-logfile",
        log.toString(),
        "access-logformat",
        "%(h)s %(r)s %(s)s %(B)s %({content-type}o)s");
    TlsClient connected = connect();
    connected.get("/a");
    connected.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").answer();
    awaitLines(log, 2);
    webSocket().answer();
    awaitLines(log, 3);
    Socket plain = socket();
    plain.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1));
    awaitLines(log, 4);
    assertThat(Files.readAllLines(log).subList(0, 3))
        .containsExactly(
            "127.0.0.1 GET /a HTTP/1.1 200 8 text/plain; charset=utf-8",
            "127.0.0.1 POST /stream HTTP/1.1 200 3 text/plain",
            "127.0.0.1 GET /socket HTTP/1.1 101 0 -");
    assertThat(Files.readAllLines(log).getLast())
        .as("one that speaks in the clear where TLS is spoken")
        .matches("127.0.0.1 - 400 [0-9]+ text/plain; charset=utf-8");
  }

  private static void awaitLines(Path log, int count) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (Files.readAllLines(log).size() < count) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  /** As the JDK's own HttpsServer shows it to a handler. */
  @Test
  void aHandlerOfTheJdksSeesTheSession() throws Exception {
    serve(
        HttpHandlers.app(
            exchange -> {
              SSLSession session = ((HttpsExchange) exchange).getSSLSession();
              String text = session.getProtocol() + " " + session.getCipherSuite();
              exchange.getResponseHeaders().set("X-Session", text);
              exchange.sendResponseHeaders(204, -1);
            }));
    TlsClient connected = connect();
    assertThat(connected.get("/").field("x-session"))
        .isEqualTo(
            connected.socket().getSession().getProtocol()
                + " "
                + connected.socket().getSession().getCipherSuite());
  }

  @Test
  void aWebSocketGoesThroughIt() throws Exception {
    serve();
    TlsClient connected = webSocket();
    assertThat(connected.answer().status()).isEqualTo(101);
    connected.send(HexFormat.of().parseHex("8182" + "00000000" + "6869")); // "hi", masked
    assertThat(connected.bytes(2)).isEqualTo(HexFormat.of().parseHex("8108"));
    assertThat(new String(connected.bytes(8), ISO_8859_1)).isEqualTo("https hi");
    assertThat(connected.bytes(4)).isEqualTo(HexFormat.of().parseHex("880203e8")); // 1000
    connected.send(HexFormat.of().parseHex("8882" + "00000000" + "03e8"));
    assertThat(connected.rest()).isEmpty();
  }

  @Test
  void aWebSocketThatBreaksTheProtocolIsToldTheEndInTls() throws Exception {
    Server server = serve();
    TlsClient connected = webSocket();
    assertThat(connected.answer().status()).isEqualTo(101);
    connected.send(HexFormat.of().parseHex("81026869")); // not masked
    byte[] closing = connected.bytes(4);
    assertThat(closing[0]).isEqualTo((byte) 0x88);
    assertThat(closing[3]).isEqualTo((byte) (1002 & 0xff));
    connected.bytes(closing[1] - 2);
    assertThat(connected.rest()).isEmpty();
    connected.close();
    while (server.open() > 0) {
      Thread.onSpinWait();
    }
  }

  private TlsClient webSocket() throws IOException {
    return connect().send(HANDSHAKE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWebSocketsAppSeesIt(boolean behindMiddleware) throws Exception {
    AsyncApp telling =
        (scope, receive, send) -> {
          WebSocketScope asked = (WebSocketScope) scope;
          String seen = asked.scheme() + " " + asked.tls().map(App::told).orElse("-");
          SendEvent accept = new SendEvent.WebSocketAccept(null, Headers.of("x-seen", seen));
          return receive.next().thenCompose(_ -> send.send(accept));
        };
    AsyncApp wrapping =
        (scope, receive, send) ->
            telling.handle(new WebSocketScopeWrapper((WebSocketScope) scope), receive, send);
    serve(behindMiddleware ? Middleware.chain(wrapping, TrustedHosts.of("a")) : telling);
    Answer answer = webSocket().answer();
    assertThat(answer.status()).isEqualTo(101);
    assertThat(answer.field("x-seen")).isEqualTo("wss TLSv1.3 localhost -");
  }

  @Test
  void aFileGoesThroughIt() throws Exception {
    byte[] large = large();
    Path file = Files.write(folder.resolve("large"), large);
    serve();
    TlsClient connected = connect();
    Answer answer = connected.get("/file?" + file);
    assertThat(digest(answer.body().getBytes(ISO_8859_1))).isEqualTo(digest(large));
    assertThat(connected.get("/").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void aProxyAnnouncesItsClientBeforeIt(String version) throws Exception {
    serve("proxy-protocol", version, "proxy-allow-from", "127.0.0.1", "proxy-headers", "true");
    String preamble =
        version.equals("v1")
            ? "PROXY TCP4 192.0.2.1 192.0.2.9 4711 443\r\n"
            : "\r\n\r\n\000\r\nQUIT\n!\021\000\014\300\000\002\001\300\000\002\011\022g\001\273";
    Socket raw = socket();
    raw.getOutputStream().write(preamble.getBytes(ISO_8859_1));
    TlsClient connected = new TlsClient(raw, client, "localhost", "");
    opened.add(connected);
    assertThat(connected.get("/client").body()).isEqualTo("https /192.0.2.1:4711");
  }

  // ---- handshake

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void appsSeeHowTheConnectionIsSecured(String protocol) throws Exception {
    serve();
    TlsClient connected = connect(client, "localhost", protocol);
    assertThat(connected.get("/tls").body()).isEqualTo("https " + protocol + " localhost -");
    assertThat(connected.socket().getApplicationProtocol()).isEqualTo("http/1.1");
  }

  /** RFC 7301 section 3.2 would have it refused; a library that cannot do that is lenient. */
  @Test
  void aClientThatOffersOnlyUnknownProtocols() throws Exception {
    serve();
    Socket raw = socket();
    if (refusesUnknownProtocols()) {
      assertThatThrownBy(() -> new TlsClient(raw, client, "localhost", "", "spdy/1"))
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("no_application_protocol");
    } else {
      TlsClient connected = new TlsClient(raw, client, "localhost", "", "spdy/1");
      opened.add(connected);
      assertThat(connected.socket().getApplicationProtocol()).isEmpty();
      assertThat(connected.get("/tls").body()).startsWith("https ");
    }
  }

  @Test
  void aClientThatOffersNoProtocolSpeaksHttp1() throws Exception {
    serve();
    TlsClient connected = new TlsClient(socket(), client, "localhost", "", new String[0]);
    opened.add(connected);
    assertThat(connected.get("/tls").body()).startsWith("https ");
  }

  @Test
  void aListenerThatIsNotNamedStaysPlain() throws Exception {
    serve("tls-listeners", "7");
    Socket plain = socket();
    plain.getOutputStream().write("GET /tls HTTP/1.0\r\n\r\n".getBytes(ISO_8859_1));
    assertThat(text(plain)).startsWith("HTTP/1.1 200 OK\r\n").endsWith("http -");
  }

  @Test
  void tls1_1IsRefusedWithAnAlert() throws Exception {
    serve();
    Socket raw = socket();
    String random = "00".repeat(32);
    String hello = "0302" + random + "00" + "0004" + "c009c00a" + "0100";
    String body = "01" + "%06x".formatted(hello.length() / 2) + hello;
    String record = "160301" + "%04x".formatted(body.length() / 2) + body;
    raw.getOutputStream().write(HexFormat.of().parseHex(record));
    byte[] alert = raw.getInputStream().readAllBytes();
    assertThat(alert).hasSizeGreaterThanOrEqualTo(7);
    assertThat(alert[0]).isEqualTo((byte) 21);
    assertThat(alert[6]).isEqualTo((byte) 70); // protocol_version, RFC 8446 section 6.2
  }

  @Test
  void aLowestVersionOf1_3RefusesClientsOf1_2() throws Exception {
    serve("ssl-version", "1.3");
    assertThatThrownBy(() -> connect(client, "localhost", "TLSv1.2"))
        .isInstanceOf(IOException.class);
    assertThat(connect().get("/tls").body()).contains("TLSv1.3");
  }

  /** Hooks with a say in TLS. */
  public static final class Stricter implements Hooks {
    @Override
    public SslContext sslContext(Member worker, SslContext standard) {
      return standard.withProtocols(List.of("TLSv1.3"));
    }
  }

  /** Hooks that let nobody serve. */
  public static final class Broken implements Hooks {
    @Override
    public SslContext sslContext(Member worker, SslContext standard) {
      throw new IllegalStateException("the module is not there");
    }
  }

  /** Hooks that need what may go. */
  public static final class Dependent implements Hooks {
    static volatile boolean gone;

    @Override
    public SslContext sslContext(Member worker, SslContext standard) {
      if (gone) {
        throw new IllegalStateException("the module has gone");
      }
      return standard;
    }
  }

  /** Hooks whose answer cannot be used. */
  public static final class Wrong implements Hooks {
    @Override
    public SslContext sslContext(Member worker, SslContext standard) {
      return standard.withProtocols(List.of("TLSv9"));
    }
  }

  @Test
  void aHookHasTheLastWordAlsoWhenTheFilesAreReadAgain() throws Exception {
    Server server = serve("hooks-class", Stricter.class.getName());
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> connect(client, "localhost", "TLSv1.2"))
          .isInstanceOf(IOException.class);
      assertThat(connect().get("/tls").body()).contains("TLSv1.3");
      authority.issue("EC", "localhost").write(folder, "server");
      server.reopen();
      assertThat(server.said()).anyMatch(line -> line.contains("New certificates are in use"));
    }
  }

  @Test
  void aHookThatFailsIsTheEndOfTheBoot() {
    assertThatThrownBy(() -> serve("hooks-class", Broken.class.getName()))
        .hasMessageContaining("The hook sslContext failed")
        .hasMessageContaining("the module is not there");
    assertThatThrownBy(() -> serve("hooks-class", Wrong.class.getName()))
        .hasMessageContaining("TLSv9");
  }

  @Test
  void aHookThatFailsLaterChangesNothingAndIsLoggedWithItsStackTrace() throws Exception {
    Dependent.gone = false;
    Server server = serve("hooks-class", Dependent.class.getName());
    Dependent.gone = true;
    server.reopen();
    assertThat(server.said())
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("warning: The certificates stay as they were: ")
                    .contains("The hook sslContext failed")
                    .containsOnlyOnce("IllegalStateException: the module has gone")
                    .contains("at " + Dependent.class.getName() + ".sslContext("));
    assertThat(connect().get("/").status()).isEqualTo(200);
  }

  @Test
  void theNameChoosesTheCertificate() throws Exception {
    authority.issue("RSA", "a.example").write(folder, "a");
    authority.issue("EC", "*.b.example").write(folder, "b");
    serve(
        "sni",
        "a.example=%1$s/a.pem,%1$s/a.key\n*.b.example=%1$s/b.pem,%1$s/b.key".formatted(folder));
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(shown("a.example", protocol)).isEqualTo("CN=a.example");
      assertThat(shown("A.Example", protocol)).isEqualTo("CN=a.example");
      assertThat(shown("x.b.example", protocol)).isEqualTo("CN=*.b.example");
      assertThat(shown("b.example", protocol)).isEqualTo("CN=localhost");
      assertThat(shown("unknown.example", protocol)).isEqualTo("CN=localhost");
    }
  }

  /** Those of containers and services have underscores, and clients send them. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "my_service",
        "svc_1.ns.svc.cluster.local",
        "-foo.bar",
        "a..b",
        "a.example.",
        "a.long.label.of.64.letters.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      })
  void aNameThatIsNoHostNameIsServed(String name) throws Exception {
    Server server = serve("log-level", "debug");
    if (!takesAnyName()) {
      assertThatThrownBy(() -> connect(client, name, "")).isInstanceOf(IOException.class);
      awaitSaid(server, "debug: TLS with .* failed: .*Illegal server name.*" + name + ".*");
      return;
    }
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      try (TlsClient connected = connect(client, name, protocol)) {
        assertThat(connected.get("/tls").body()).isEqualTo("https " + protocol + " " + name + " -");
      }
    }
    assertThat(server.said()).noneMatch(line -> line.startsWith("warning"));
  }

  private static void awaitSaid(Server server, String pattern) {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (server.said().stream().noneMatch(line -> line.matches(pattern))) {
      assertThat(System.nanoTime()).as(() -> server.said().toString()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void aNameThatIsNotAsciiCountsAsNone() throws Exception {
    serve();
    try (TlsClient connected = connect(client, "b\u00c3\u00bccher.example", "")) {
      assertThat(connected.get("/tls").body()).isEqualTo("https TLSv1.3 - -");
    }
  }

  @Test
  void anUnderscoreAndADotAtTheEndDoNotHideACertificate() throws Exception {
    authority.issue("RSA", "my_service").write(folder, "a");
    authority.issue("EC", "*.b_1.example").write(folder, "b");
    authority.issue("EC", "c.example").write(folder, "c");
    serve(
        "sni",
        "my_service=%1$s/a.pem,%1$s/a.key\n*.b_1.example=%1$s/b.pem,%1$s/b.key\nc.example.=%1$s/c.pem,%1$s/c.key"
            .formatted(folder));
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(shown("c.example", protocol)).isEqualTo("CN=c.example");
      if (takesAnyName()) {
        assertThat(shown("C.Example.", protocol)).isEqualTo("CN=c.example");
        assertThat(shown("my_service", protocol)).isEqualTo("CN=my_service");
        assertThat(shown("My_Service.", protocol)).isEqualTo("CN=my_service");
        assertThat(shown("x_y.b_1.example", protocol)).isEqualTo("CN=*.b_1.example");
        assertThat(shown("other_1", protocol)).isEqualTo("CN=localhost");
        assertThat(shown("a..b", protocol)).isEqualTo("CN=localhost");
      }
    }
  }

  private String shown(String name, String protocol) throws Exception {
    try (TlsClient connected = connect(client, name, protocol)) {
      return ((java.security.cert.X509Certificate)
              connected.socket().getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  @Test
  void aRequiredClientCertificateIsRequired() throws Exception {
    authorityFile();
    serve("ssl-cert-reqs", "required", "ca-certs", folder + "/ca.pem");
    TestCertificates.Issued known = authority.issue("EC", "alice");
    TestCertificates.Issued unknown = new TestCertificates("Test Authority").issue("EC", "mallory");
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(ask(authority.client(known), protocol)).endsWith(" CN=alice");
      assertThatThrownBy(() -> ask(client, protocol)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> ask(authority.client(unknown), protocol))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aClientAndTheOperatorLearnWhyItsCertificateIsRefused() throws Exception {
    authorityFile();
    Server server =
        serve("ssl-cert-reqs", "required", "ca-certs", folder + "/ca.pem", "log-level", "debug");
    SSLContext unknown =
        authority.client(new TestCertificates("Test Authority").issue("EC", "mallory"));
    SSLContext expired = authority.client(authority.expired("bob"));
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(alert(unknown, protocol)).matches(".*(unknown_ca|certificate_unknown).*");
      assertThat(alert(expired, protocol)).matches(".*(certificate_expired|certificate_unknown).*");
    }
    awaitSaid(server, "debug: TLS with .* failed: .*PKIX path .*");
    assertThat(server.said()).noneMatch(line -> line.contains("OpenSslEngine"));
  }

  /** What a client is told; again if the connection was closed while it was still sending. */
  private String alert(SSLContext context, String protocol) {
    String told = "";
    for (int i = 0; i < 50 && !told.contains("alert"); i++) {
      try (TlsClient connected = connect(context, "localhost", protocol)) {
        connected.rest();
      } catch (IOException refused) {
        told = String.valueOf(refused.getMessage());
      }
    }
    return told;
  }

  @Test
  void anOptionalClientCertificateIsCheckedIfThereIsOne() throws Exception {
    authorityFile();
    TestCertificates.Issued known = authority.issue("EC", "alice");
    TestCertificates.Issued revoked = authority.issue("EC", "bob");
    Files.writeString(folder.resolve("crl.pem"), authority.revocations(revoked.certificate()));
    serve(
        "ssl-cert-reqs",
        "optional",
        "ca-certs",
        folder + "/ca.pem",
        "ssl-crl",
        folder + "/crl.pem");
    assertThat(ask(client, "")).endsWith(" -");
    assertThat(ask(authority.client(known), "")).endsWith(" CN=alice");
    assertThatThrownBy(() -> ask(authority.client(revoked), "")).isInstanceOf(IOException.class);
  }

  private void serveWithList(String list) throws Exception {
    authorityFile();
    Files.writeString(folder.resolve("crl.pem"), list);
    serve(
        "ssl-cert-reqs",
        "required",
        "ca-certs",
        folder + "/ca.pem",
        "ssl-crl",
        folder + "/crl.pem");
  }

  @Test
  void revocationsHoldAndAreReadAgain() throws Exception {
    TestCertificates.Issued alice = authority.issue("EC", "alice");
    TestCertificates.Issued bob = authority.issue("EC", "bob");
    SSLContext ofAlice = authority.client(alice);
    SSLContext ofBob = authority.client(bob);
    serveWithList(authority.revocations(bob.certificate()));
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(ask(ofAlice, protocol)).endsWith(" CN=alice");
      assertThatThrownBy(() -> ask(ofBob, protocol)).isInstanceOf(IOException.class);
    }

    Files.writeString(folder.resolve("crl.pem"), authority.revocations(alice.certificate()));
    server().reopen();
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThatThrownBy(() -> ask(ofAlice, protocol))
          .as("alice, whose session was good, in %s", protocol)
          .isInstanceOf(IOException.class);
      assertThat(ask(ofBob, protocol)).endsWith(" CN=bob");
    }
  }

  @Test
  void whoseRevocationCannotBeCheckedIsRefused() throws Exception {
    SSLContext alice = authority.client(authority.issue("EC", "alice"));
    serveWithList(new TestCertificates("Another Authority").revocations());
    assertThatThrownBy(() -> ask(alice, "")).as("no list").isInstanceOf(IOException.class);

    Files.writeString(folder.resolve("crl.pem"), authority.outdatedRevocations());
    server().reopen();
    assertThatThrownBy(() -> ask(alice, "")).as("an old list").isInstanceOf(IOException.class);

    Files.writeString(folder.resolve("crl.pem"), authority.revocations());
    server().reopen();
    assertThat(ask(alice, "")).endsWith(" CN=alice");
  }

  // ---- keys and their files

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  void keysOfEitherKindServeBothProtocols(String algorithm) throws Exception {
    authority.issue(algorithm, "localhost").write(folder, "server");
    serve();
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(shown("localhost", protocol)).isEqualTo("CN=localhost");
    }
  }

  @Test
  void aKeyWithAPasswordServes() throws Exception {
    TestCertificates.Issued issued = authority.issue("RSA", "localhost").write(folder, "server");
    Files.writeString(
        folder.resolve("server.key"), TestCertificates.encrypted(issued.key(), "sesame"));
    serve("ssl-keyfile-password", "sesame");
    assertThat(connect().get("/").status()).isEqualTo(200);
  }

  @Test
  void pkcs12Serves() throws Exception {
    TestCertificates.Issued issued = authority.issue("EC", "localhost");
    Path file = folder.resolve("all.p12");
    TestCertificates.pkcs12(file, issued, "secret");
    serve("certfile", file.toString(), "keyfile", "", "ssl-keyfile-password", "secret");
    assertThat(connect().get("/").status()).isEqualTo(200);
  }

  @Test
  void namedCipherSuitesOfTls1_2AreTheOnlyOnes() throws Exception {
    serve("ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384");
    try (TlsClient connected = connect(client, "localhost", "TLSv1.2")) {
      assertThat(connected.socket().getSession().getCipherSuite())
          .isEqualTo("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    }
  }

  // ---- sessions

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aSessionIsResumedByTheWorkerThatBeganIt(String protocol) throws Exception {
    authorityFile();
    serve("ssl-cert-reqs", "required", "ca-certs", folder + "/ca.pem");
    SSLContext alice = authority.client(authority.issue("EC", "alice"));
    for (int i = 0; i < 3; i++) {
      try (TlsClient connected = connect(alice, "localhost", protocol)) {
        assertThat(connected.get("/tls").body())
            .isEqualTo("https " + protocol + " localhost CN=alice");
        assertThat(connected.resumed()).isEqualTo(i > 0);
      }
    }
  }

  private void authorityFile() throws IOException {
    Files.writeString(folder.resolve("ca.pem"), TestCertificates.pem(authority.certificate()));
  }

  /** Under TLS 1.3 a client learns only from the first answer that it was refused. */
  private String ask(SSLContext context, String protocol) throws IOException {
    try (TlsClient connected = connect(context, "localhost", protocol)) {
      return connected.get("/tls").body();
    }
  }

  @Test
  void aRequestInTheClearIsToldToUseHttps() throws Exception {
    serve();
    Socket plain = socket();
    plain.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(ISO_8859_1));
    assertThat(text(plain))
        .startsWith("HTTP/1.1 400 Bad Request\r\n")
        .containsIgnoringCase("connection: close")
        .contains("text/plain")
        .endsWith("this port speaks TLS: use https\n");
    plain.close();
    awaitNoneOpen();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "160301", "16030100050100"})
  void aHandshakeThatDoesNotEndIsClosed(String begun) throws Exception {
    Server server = serve("tls-handshake-timeout", "200", "log-level", "debug");
    Socket raw = socket();
    raw.getOutputStream().write(HexFormat.of().parseHex(begun));
    raw.getInputStream().readAllBytes();
    awaitNoneOpen();
    assertThat(server.said())
        .filteredOn(line -> line.contains("--tls-handshake-timeout"))
        .singleElement()
        .asString()
        .startsWith("debug: The connection from 127.0.0.1:");
    assertThat(connect().get("/").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0000000000", "80ff010301", "1603010005ffffffffff", "170303000568656c6c6f"})
  void whatIsNoTlsIsClosed(String bytes) throws Exception {
    serve();
    Socket raw = socket();
    raw.getOutputStream().write(HexFormat.of().parseHex(bytes));
    raw.shutdownOutput();
    try {
      raw.getInputStream().readAllBytes();
    } catch (IOException reset) {
      // As good as closed.
    }
    awaitNoneOpen();
    assertThat(server().said()).noneMatch(line -> line.matches("(warning|error).*"));
  }

  private void awaitNoneOpen() {
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (server().open() > 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static String text(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
  }

  // ---- requests

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void keptPipelinedAndChunkedRequestsAreAnsweredInOrder(String protocol) throws Exception {
    serve();
    TlsClient connected = connect(client, "localhost", protocol);
    assertThat(connected.get("/one").body()).isEqualTo("hello /one");
    connected.send(
        """
        GET /two HTTP/1.1\r
        Host: a\r
        \r
        POST /stream HTTP/1.1\r
        Host: a\r
        Transfer-Encoding: chunked\r
        \r
        5\r
        three\r
        0\r
        \r
        GET /four HTTP/1.1\r
        Host: a\r
        Connection: close\r
        \r
        """);
    assertThat(connected.answer().body()).isEqualTo("hello /two");
    assertThat(connected.answer().body()).isEqualTo("three");
    Answer last = connected.answer();
    assertThat(last.body()).isEqualTo("hello /four");
    assertThat(last.field("connection")).isEqualTo("close");
    assertThat(connected.rest()).isEmpty();
  }

  @Test
  void hundredContinueComesBeforeTheBody() throws Exception {
    serve();
    TlsClient connected = connect();
    connected.send(
        "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assertThat(connected.answer().status()).isEqualTo(100);
    assertThat(connected.send("body").answer().body()).isEqualTo("body");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void muchGoesUpAndDownWhole(String protocol) throws Exception {
    serve();
    TlsClient connected = connect(client, "localhost", protocol);
    connected.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    // Nothing is read before the server has filled every buffer there is: the second request, sent
    // meanwhile, waits behind the first.
    byte[] body = large();
    Thread sending =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    connected.send(
                        "POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: "
                            + LARGE
                            + "\r\n\r\n");
                    connected.send(body);
                  } catch (IOException failed) {
                    throw new java.io.UncheckedIOException(failed);
                  }
                });
    assertThat(connected.line()).isEqualTo("HTTP/1.1 200 OK");
    for (String line = connected.line(); !line.isEmpty(); line = connected.line()) {}
    assertThat(digest(connected.bytes(LARGE))).isEqualTo(digest(body));
    assertThat(connected.answer().body()).isEqualTo(digest(body));
    sending.join();
  }

  @Test
  void aClientThatReadsNothingIsGivenUp() throws Exception {
    serve("write-timeout", "300", "log-level", "debug");
    TlsClient connected = connect();
    connected.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    awaitNoneOpen();
    assertThatThrownBy(() -> connected.bytes(LARGE)).isInstanceOf(IOException.class);
    assertSaidWhy("the client read nothing of a response for --write-timeout");
  }

  private void assertSaidWhy(String limit) {
    assertThat(server().said())
        .filteredOn(line -> line.contains(" is ended: "))
        .singleElement()
        .asString()
        .startsWith("debug: The connection from 127.0.0.1:")
        .endsWith(" is ended: " + limit + ".");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "header-timeout | GET / HTTP/1.1;Ho | a request's head was not complete within",
        "body-timeout | POST /digest HTTP/1.1;Host: a;Content-Length: 9;;half |"
            + " a request's body made no progress for",
      })
  void aRequestThatDoesNotComeToItsEndIs408(String limit, String half, String why)
      throws Exception {
    serve(limit, "300", "log-level", "debug");
    TlsClient connected = connect();
    connected.send(half.replace(";", "\r\n"));
    assertThat(connected.answer().status()).isEqualTo(408);
    assertThat(connected.rest()).isEmpty();
    connected.close();
    awaitNoneOpen();
    assertSaidWhy(why + " --" + limit);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void recordsMayComeByteByByte(String protocol) throws Exception {
    serve();
    Socket dripping = socket(new DrippingSocket(server().port()));
    TlsClient connected = new TlsClient(dripping, client, "localhost", protocol);
    opened.add(connected);
    connected.send(
        """
        POST /stream HTTP/1.1\r
        Host: a\r
        Transfer-Encoding: chunked\r
        \r
        5\r
        hello\r
        0\r
        \r
        """);
    assertThat(connected.answer().body()).isEqualTo("hello");
    assertThat(connected.get("/again").body()).isEqualTo("hello /again");
  }

  /** Sends each byte in a packet of its own. */
  private static final class DrippingSocket extends Socket {
    DrippingSocket(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          for (int i = 0; i < length; i++) {
            out.write(bytes, offset + i, 1);
            Thread.yield();
          }
        }
      };
    }
  }

  // ---- ends

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void theEndOfAnIdleConnectionIsToldInTls(String protocol) throws Exception {
    serve("keep-alive", "200");
    TlsClient connected = connect(client, "localhost", protocol);
    assertThat(connected.get("/").status()).isEqualTo(200);
    assertThat(connected.rest()).isEmpty(); // fails where the end comes without a close_notify
    awaitNoneOpen();
  }

  @Test
  void aDrainAnnouncesTheEndOnEachConnection() throws Exception {
    serve();
    TlsClient busy = connect();
    TlsClient idle = connect();
    assertThat(busy.get("/").field("connection")).isEmpty();
    assertThat(idle.get("/").field("connection")).isEmpty();
    server().drain(Duration.ofMillis(300));
    busy.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(busy.answer().body()).isEqualTo("hello /a");
    Answer last = busy.answer();
    assertThat(last.body()).isEqualTo("hello /b");
    assertThat(last.field("connection")).isEqualTo("close");
    assertThat(busy.rest()).isEmpty();
    assertThat(idle.rest()).isEmpty();
    busy.close();
    idle.close();
    awaitNoneOpen();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aResponseThatWasCutDoesNotLookWhole(String protocol) throws Exception {
    serve();
    TlsClient connected = connect(client, "localhost", protocol);
    connected.send("GET /cut HTTP/1.0\r\n\r\n");
    assertThatThrownBy(connected::rest).isInstanceOf(IOException.class);
    awaitNoneOpen();
  }

  @Test
  void aClientThatHasEndedItsSideStillGetsItsAnswer() throws Exception {
    serve();
    TlsClient connected = connect(client, "localhost", "TLSv1.3");
    connected.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    connected.socket().shutdownOutput();
    if (endsEachSideAlone()) {
      assertThat(connected.answer().body()).isEqualTo("hello /half");
      assertThat(connected.rest()).isEmpty();
    }
    awaitNoneOpen();
  }

  /** Whose shutdown in TCP is not sent: so the client ends its side in TLS alone. */
  private static final class LastingSocket extends Socket {
    LastingSocket(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public void shutdownOutput() {}
  }

  private TlsClient connect(Socket raw) throws IOException {
    TlsClient connected = new TlsClient(socket(raw), client, "localhost", "TLSv1.3");
    opened.add(connected);
    return connected;
  }

  /** In TCP without a word in TLS, as one that crashes; or the other way round. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAppThatWaitsIsToldThatItsClientHasGone(boolean inTcp) throws Exception {
    CompletableFuture<Void> waits = new CompletableFuture<>();
    CompletableFuture<ReceiveEvent> seen = new CompletableFuture<>();
    AsyncApp app =
        (_, receive, _) ->
            readAll(receive)
                .thenCompose(
                    _ -> {
                      CompletionStage<ReceiveEvent> next = receive.next();
                      waits.complete(null);
                      return next;
                    })
                .thenAccept(seen::complete);
    serve(app);
    Socket raw = new LastingSocket(server().port());
    TlsClient connected = connect(raw);
    connected.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    waits.get(10, TimeUnit.SECONDS);
    if (!inTcp) {
      connected.socket().shutdownOutput();
    }
    if (inTcp || !tellsOfTheEndInTlsAlone()) {
      raw.close();
    }
    assertThat(seen.get(10, TimeUnit.SECONDS)).isInstanceOf(ReceiveEvent.Disconnect.class);
    awaitNoneOpen();
  }

  private static CompletionStage<Void> readAll(Receive receive) {
    return receive
        .next()
        .thenCompose(
            event ->
                ((ReceiveEvent.RequestBody) event).more()
                    ? readAll(receive)
                    : CompletableFuture.completedStage(null));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWebSocketWhoseClientHasGoneIsOver(boolean inTcp) throws Exception {
    CompletableFuture<WebSocket.Message> seen = new CompletableFuture<>();
    BlockingApp app = _ -> Response.webSocket(socket -> seen.complete(socket.receive()));
    serve(app);
    Socket raw = new LastingSocket(server().port());
    TlsClient connected = connect(raw);
    assertThat(connected.send(HANDSHAKE).answer().status()).isEqualTo(101);
    if (inTcp) {
      raw.close();
    } else {
      connected.socket().shutdownOutput();
    }
    assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(new WebSocket.Message.Close(1006, ""));
    awaitNoneOpen();
    assertThat(server().said()).noneMatch(line -> line.matches("(warning|error).*"));
  }

  @Test
  void aBadRequestIsAnsweredAndItsRestThrownAway() throws Exception {
    serve();
    TlsClient connected = connect();
    connected.send("GET / HTTP/1.1\r\n\r\n" + "x".repeat(100_000));
    assertThat(connected.answer().status()).isEqualTo(400);
    assertThat(connected.rest()).isEmpty();
  }

  // ---- reload

  @Test
  void newFilesAreUsedFromTheNextConnectionOn() throws Exception {
    serve("keep-alive", "0"); // making keys takes a while
    TlsClient old = connect();
    assertThat(old.get("/").status()).isEqualTo(200);
    TestCertificates next = new TestCertificates("Next Authority");
    next.issue("RSA", "localhost").write(folder, "server");
    server().reopen();
    assertThat(server().said()).contains("info: New certificates are in use from now on");
    assertThat(old.get("/").status()).isEqualTo(200);
    assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    client = next.client();
    assertThat(connect().get("/").status()).isEqualTo(200);
  }

  @Test
  void newFilesThatCannotBeUsedChangeNothing() throws Exception {
    serve();
    Files.writeString(folder.resolve("server.key"), "nothing");
    server().reopen();
    assertThat(server().said())
        .anyMatch(
            line ->
                line.matches(
                    "warning: The certificates stay as they were: .*server.key has no private key.*"));
    assertThat(connect().get("/").status()).isEqualTo(200);
  }
}
