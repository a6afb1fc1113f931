import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.WebSocketListener;
import okio.BufferedSink;
import okio.ByteString;

/**
 * The JDK's HttpClient and OkHttp: bodies both ways, kept connections, WebSockets; in the clear and
 * inside TLS, and over HTTP/2 where the server speaks it.
 */
public final class Clients {
  private static final int ROUNDS = 50;
  private static final byte[] BODY = new byte[300_000];

  /** Arguments: the port, the one with TLS, its certificate, the protocol to be spoken at most. */
  public static void main(String[] arguments) throws Exception {
    new Random(1).nextBytes(BODY);
    String clear = "http://127.0.0.1:" + arguments[0];
    String secure = "https://127.0.0.1:" + arguments[1];
    X509TrustManager trust = trusting(Path.of(arguments[2]));
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {trust}, null);
    boolean http2 = arguments[3].equals("HTTP/2");

    HttpClient.Version most = http2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
    try (HttpClient one = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpClient two = HttpClient.newBuilder().sslContext(tls).build()) {
      jdk(URI.create(clear), one, HttpClient.Version.HTTP_1_1);
      jdk(URI.create(clear), two, most); // by an upgrade
      jdk(URI.create(secure), two, most);
    }
    OkHttpClient ok =
        new OkHttpClient.Builder().sslSocketFactory(tls.getSocketFactory(), trust).build();
    okHttp(clear, ok, Protocol.HTTP_1_1);
    okHttp(secure, ok, http2 ? Protocol.HTTP_2 : Protocol.HTTP_1_1);
    okWebSocket(clear, ok);
    okWebSocket(secure, ok);
    if (http2) {
      List<Protocol> known = List.of(Protocol.H2_PRIOR_KNOWLEDGE);
      okHttp(clear, ok.newBuilder().protocols(known).build(), Protocol.H2_PRIOR_KNOWLEDGE);
    }
    System.out.println("HttpClient and OkHttp: all right");
    System.exit(0); // OkHttp's threads stay for a minute
  }

  private static X509TrustManager trusting(Path certificate) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(certificate)) {
      trusted.setCertificateEntry(
          "server", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(trusted);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private static void jdk(URI there, HttpClient client, HttpClient.Version version)
      throws Exception {
    // Without a body, so that it may ask for an upgrade.
    HttpResponse<String> first =
        client.send(
            HttpRequest.newBuilder(there.resolve("/protocol")).build(),
            HttpResponse.BodyHandlers.ofString());
    require(first.version() == version, "HttpClient " + there + " " + first.version());
    for (int i = 0; i < ROUNDS; i++) {
      for (String path : List.of("/echo", "/stream")) {
        HttpRequest request =
            HttpRequest.newBuilder(there.resolve(path))
                .POST(HttpRequest.BodyPublishers.ofByteArray(BODY))
                .build();
        HttpResponse<byte[]> answer =
            client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        require(Arrays.equals(answer.body(), BODY), "HttpClient " + there + path);
        require(answer.version() == version, "HttpClient " + path + " " + answer.version());
      }
    }
    HttpResponse<String> events =
        client.send(
            HttpRequest.newBuilder(there.resolve("/events")).build(),
            HttpResponse.BodyHandlers.ofString());
    require(events.body().contains("data: event 4"), "HttpClient events: " + events.body());
    BlockingQueue<String> came = new LinkedBlockingQueue<>();
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws" + there.toString().substring(4) + "/ws"), new Listener(came))
            .join();
    for (int i = 0; i < ROUNDS; i++) {
      String text = "text " + "ä".repeat(i * 100);
      socket.sendText(text, true).join();
      require(text.equals(came.poll(20, TimeUnit.SECONDS)), "HttpClient WebSocket " + i);
    }
    socket.sendText("close", true).join();
    require("4000 as you wish".equals(came.poll(20, TimeUnit.SECONDS)), "HttpClient close");
  }

  private static final class Listener implements WebSocket.Listener {
    private final BlockingQueue<String> came;
    private final StringBuilder part = new StringBuilder();

    Listener(BlockingQueue<String> came) {
      this.came = came;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      part.append(text);
      if (last) {
        came.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      came.add(code + " " + reason);
      return null;
    }
  }

  private static void okHttp(String there, OkHttpClient client, Protocol protocol)
      throws Exception {
    MediaType type = MediaType.get("application/octet-stream");
    List<RequestBody> bodies = new ArrayList<>();
    bodies.add(RequestBody.create(BODY, type));
    bodies.add(
        new RequestBody() { // of unknown length: in chunks
          @Override
          public MediaType contentType() {
            return type;
          }

          @Override
          public void writeTo(BufferedSink sink) throws IOException {
            sink.write(BODY);
          }
        });
    for (int i = 0; i < ROUNDS; i++) {
      for (RequestBody body : bodies) {
        Request request = new Request.Builder().url(there + "/stream").post(body).build();
        try (Response answer = client.newCall(request).execute()) {
          require(Arrays.equals(answer.body().bytes(), BODY), "OkHttp " + there);
          require(answer.protocol() == protocol, "OkHttp " + there + " " + answer.protocol());
        }
      }
    }
  }

  private static void okWebSocket(String there, OkHttpClient client) throws Exception {
    BlockingQueue<String> came = new LinkedBlockingQueue<>();
    CountDownLatch open = new CountDownLatch(1);
    okhttp3.WebSocket socket =
        client.newWebSocket(
            new Request.Builder().url(there + "/ws").build(),
            new WebSocketListener() {
              @Override
              public void onOpen(okhttp3.WebSocket socket, Response response) {
                open.countDown();
              }

              @Override
              public void onMessage(okhttp3.WebSocket socket, String text) {
                came.add(text);
              }

              @Override
              public void onMessage(okhttp3.WebSocket socket, ByteString bytes) {
                came.add(bytes.hex());
              }

              @Override
              public void onClosing(okhttp3.WebSocket socket, int code, String reason) {
                came.add(code + " " + reason);
                socket.close(1000, null);
              }

              @Override
              public void onFailure(okhttp3.WebSocket socket, Throwable failure, Response response) {
                came.add(failure.toString());
              }
            });
    require(open.await(20, TimeUnit.SECONDS), "OkHttp opens");
    for (int i = 0; i < ROUNDS; i++) {
      String text = "text " + "ä".repeat(i * 100); // the longer ones are compressed
      socket.send(text);
      require(text.equals(came.poll(20, TimeUnit.SECONDS)), "OkHttp WebSocket " + i);
    }
    socket.send(ByteString.of(BODY));
    require(ByteString.of(BODY).hex().equals(came.poll(20, TimeUnit.SECONDS)), "OkHttp binary");
    socket.send("close");
    require("4000 as you wish".equals(came.poll(20, TimeUnit.SECONDS)), "OkHttp close");
  }
}
