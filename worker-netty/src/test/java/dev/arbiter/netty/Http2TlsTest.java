package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.tls.TestCertificates;
import dev.arbiter.http.tls.TlsClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an app is told of TLS in the streams of HTTP/2: requests, and WebSockets (RFC 8441). */
class Http2TlsTest {
  private static final BlockingApp APP =
      request ->
          request.path().equals("/socket")
              ? Response.webSocket(
                      socket -> {
                        socket.sendText("hello");
                        socket.receive();
                      })
                  .withHeader("x-told", told(request))
              : Response.text(told(request));

  @TempDir private Path folder;

  private static String told(Request request) {
    return request.scheme()
        + " "
        + request.httpVersion()
        + " "
        + request.tls().map(Http2TlsTest::told).orElse("-");
  }

  private static String told(TlsInfo tls) {
    String chain =
        tls.clientCertificates().stream()
            .map(one -> one.getSubjectX500Principal().getName())
            .collect(Collectors.joining(","));
    return String.join(
        " ", tls.protocol(), tls.cipherSuite(), tls.serverName().orElse("-"), "[" + chain + "]");
  }

  private Fixture serving(TestCertificates authority, String provider, String... more)
      throws Exception {
    authority.issue("EC", "localhost").write(folder, "server");
    Path ca = folder.resolve("ca.pem");
    Files.writeString(ca, TestCertificates.pem(authority.certificate()));
    String[] settings = {
      "ssl-provider",
      provider,
      "certfile",
      folder + "/server.pem",
      "keyfile",
      folder + "/server.key",
      "tls-listeners",
      "6",
      "ssl-cert-reqs",
      "optional",
      "ca-certs",
      ca.toString()
    };
    return Fixture.serving(
        APP, Stream.of(settings, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  /** RFC 7540 section 3.3: in TLS it is ALPN that chooses, and h2c is not for it. */
  @ParameterizedTest
  @CsvSource({"jdk", "openssl"})
  void anUpgradeIsNoWayToItInTls(String provider) throws Exception {
    TestCertificates authority = new TestCertificates("Test Authority");
    try (Fixture fixture = serving(authority, provider, "h2c", "both")) {
      Socket raw = new Socket(InetAddress.getLoopbackAddress(), fixture.port());
      fixture.serveNext();
      try (TlsClient client = new TlsClient(raw, authority.client(), "localhost", "")) {
        assertThat(client.send(Http2Test.UPGRADE).answer().body()).startsWith("https HTTP/1.1 ");
        assertThat(client.get("/next").body()).startsWith("https HTTP/1.1 ");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "jdk, TLSv1.2, TLS_ECDHE_ECDSA",
    "jdk, TLSv1.3, TLS_",
    "openssl, TLSv1.2, TLS_ECDHE_ECDSA",
    "openssl, TLSv1.3, TLS_",
  })
  void isToldInRequestsAndWebSockets(String provider, String protocol, String cipher)
      throws Exception {
    TestCertificates authority = new TestCertificates("Test Authority");
    SSLContext alice = authority.client(authority.issue("EC", "alice"));
    try (Fixture fixture = serving(authority, provider);
        Tunnel tunnel = Tunnel.to(fixture, alice, protocol)) {
      SSLSocket socket = tunnel.tls().socket();
      assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
      String suite = socket.getSession().getCipherSuite();
      assertThat(suite).startsWith(cipher);
      String told = "https HTTP/2 " + protocol + " " + suite + " localhost [CN=alice]";

      H2Client client = tunnel.http2();
      assertThat(client.get(1, "/").answer(1).body()).isEqualTo(told);
      H2Client.Frame accepted = client.webSocket(3, "/socket").next();
      assertThat(accepted.fields().status()).hasToString("200");
      assertThat(accepted.fields().get("x-told")).hasToString(told);
      assertThat(client.next(H2Client.DATA).payload()).endsWith("hello".getBytes(US_ASCII));
      assertThat(client.get(5, "/").answer(5).body()).as("the next one").isEqualTo(told);
    }
  }

  @ParameterizedTest
  @CsvSource({"jdk", "openssl"})
  void aClientWithoutACertificateHasAnEmptyChain(String provider) throws Exception {
    TestCertificates authority = new TestCertificates("Test Authority");
    try (Fixture fixture = serving(authority, provider);
        Tunnel tunnel = Tunnel.to(fixture, authority.client(), "TLSv1.3")) {
      H2Client client = tunnel.http2();
      assertThat(client.get(1, "/").answer(1).body()).endsWith(" localhost []");
      assertThat(client.webSocket(3, "/socket").next().fields().get("x-told").toString())
          .endsWith(" localhost []");
    }
  }

  @Test
  void inTheClearNothingIsTold() throws Exception {
    try (Fixture fixture = Fixture.serving(APP, "h2c", "prior-knowledge");
        H2Client client = H2Client.to(fixture)) {
      assertThat(client.get(1, "/").answer(1).body()).isEqualTo("http HTTP/2 -");
      assertThat(client.webSocket(3, "/socket").next().fields().get("x-told"))
          .hasToString("http HTTP/2 -");
    }
  }

  /** A client in the clear whose bytes go through TLS. A thread for each direction. */
  private record Tunnel(TlsClient tls, Socket near, H2Client http2) implements AutoCloseable {
    static Tunnel to(Fixture fixture, SSLContext context, String protocol) throws Exception {
      Socket raw = new Socket(InetAddress.getLoopbackAddress(), fixture.port());
      fixture.serveNext();
      TlsClient tls = new TlsClient(raw, context, "localhost", protocol, "h2");
      try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        SocketChannel far = SocketChannel.open(door.getLocalSocketAddress());
        Socket near = door.accept();
        pump(near.getInputStream(), tls.socket().getOutputStream());
        pump(tls.socket().getInputStream(), near.getOutputStream());
        H2Client http2 = new H2Client(new RawClient(far));
        http2.raw().send(H2Client.PREFACE);
        return new Tunnel(tls, near, http2.frame(H2Client.SETTINGS, 0, 0));
      }
    }

    private static void pump(InputStream in, OutputStream out) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  in.transferTo(out);
                } catch (IOException ended) {
                  // The test is over, or sees that nothing comes.
                }
              });
    }

    @Override
    public void close() {
      try {
        http2.close();
        near.close();
        tls.socket().close();
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }
}
