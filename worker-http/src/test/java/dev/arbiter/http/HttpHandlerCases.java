package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.arbiter.app.App;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A handler that was written for the JDK's own server is served unchanged, and its clients are
 * answered the same by either; the same for every kind.
 */
@Timeout(60)
public abstract class HttpHandlerCases {
  private static final String LONG = "x".repeat(300_000);

  /** What each server says of its own. */
  private static final Set<String> OWN = Set.of("date", "server", "connection");

  private final HttpHandler handler = HttpHandlerCases::handle;

  private HttpServer original;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  @BeforeEach
  void startOriginal() throws IOException {
    original = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    original.createContext("/", handler);
    original.start();
  }

  @AfterEach
  void stopOriginal() {
    original.stop(0);
  }

  private static void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      switch (exchange.getRequestURI().getPath()) {
        case "/echo" -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().add("X-Method", exchange.getRequestMethod());
          exchange.getResponseHeaders().add("X-Query", "" + exchange.getRequestURI().getRawQuery());
          exchange.getResponseHeaders().add("X-Sent", exchange.getRequestHeaders().getFirst("X-A"));
          exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
        }
        case "/chunks" -> {
          exchange.sendResponseHeaders(200, 0);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write("one ".getBytes(UTF_8));
            out.flush();
            out.write("two".getBytes(UTF_8));
          }
        }
        case "/long" -> {
          exchange.getResponseHeaders().set("Content-Type", "text/plain");
          exchange.sendResponseHeaders(201, LONG.length());
          exchange.getResponseBody().write(LONG.getBytes(UTF_8));
        }
        case "/unread" -> exchange.sendResponseHeaders(413, -1);
        default -> exchange.sendResponseHeaders(404, -1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /echo?a=b%20c HTTP/1.1~Host: a~X-A: 1~~",
        "POST /echo HTTP/1.1~Host: a~X-A: 1~Content-Length: 5~~hello",
        "PUT /echo HTTP/1.1~Host: a~X-A: 1~Transfer-Encoding: chunked~~5~hello~0~~",
        "GET /chunks HTTP/1.1~Host: a~~",
        "GET /long HTTP/1.1~Host: a~~",
        "POST /unread HTTP/1.1~Host: a~Content-Length: 5~~hello",
        "GET /missing HTTP/1.1~Host: a~~",
      })
  void isAnsweredAsByTheServerItWasWrittenFor(String text) throws Exception {
    String request = text.replace("~", "\r\n");
    Answer expected;
    try (RawClient client = new RawClient(SocketChannel.open(original.getAddress()))) {
      expected = client.send(request).answer();
    }
    try (Host host = serve(new JdkHandlerApp(handler));
        RawClient client = host.connect()) {
      for (int i = 0; i < 2; i++) {
        Answer answer = client.send(request).answer();
        assertThat(answer.status()).isEqualTo(expected.status());
        assertThat(answer.body()).isEqualTo(expected.body());
        assertThat(apps(answer, expected)).isEqualTo(apps(expected, expected));
      }
    }
  }

  /** The app's fields; how the end of a body that is sent in parts is told is each server's. */
  private static Map<String, String> apps(Answer answer, Answer expected) {
    Map<String, String> fields = new LinkedHashMap<>(answer.fields());
    fields.keySet().removeAll(OWN);
    if (expected.fields().containsKey("transfer-encoding")) {
      fields.keySet().removeAll(Set.of("transfer-encoding", "content-length"));
    }
    return fields;
  }
}
