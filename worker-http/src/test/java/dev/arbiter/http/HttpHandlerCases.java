package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.Filter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.arbiter.app.App;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.http.RawClient.Answer;
import java.io.ByteArrayInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

  private final HttpHandler handler = this::handle;

  /** What a filter saw after the handler. */
  private final List<String> filtered = new CopyOnWriteArrayList<>();

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

  private static Object sum(Object one, Object other) {
    return (int) one + (int) other;
  }

  private static void text(HttpExchange exchange, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private void before(HttpExchange exchange) {
    exchange.getResponseHeaders().set("X-Before", exchange.getRequestURI().getPath());
  }

  private void after(HttpExchange exchange) {
    filtered.add(exchange.getRequestURI().getPath() + " " + exchange.getResponseCode());
  }

  /** Lets in whoever gives a name, once there is one to be asked for. */
  private static final class AnyName extends BasicAuthenticator {
    AnyName(String realm) {
      super(realm);
    }

    @Override
    public boolean checkCredentials(String name, String password) {
      return password.equals("secret");
    }
  }

  private static final class Capitals extends FilterOutputStream {
    Capitals(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int one) throws IOException {
      super.write(Character.toUpperCase(one));
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
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
        case "/counted" -> {
          Object count =
              exchange.getHttpContext().getAttributes().merge("count", 1, HttpHandlerCases::sum);
          text(exchange, exchange.getHttpContext().getPath() + " " + count);
        }
        case "/guard" -> {
          exchange.getHttpContext().setAuthenticator(new AnyName("tea"));
          text(exchange, "guarded");
        }
        case "/who" -> text(exchange, "" + exchange.getPrincipal());
        case "/filter" -> {
          exchange.getHttpContext().getFilters().add(Filter.beforeHandler("", this::before));
          exchange.getHttpContext().getFilters().add(Filter.afterHandler("", this::after));
          text(exchange, "from here on");
        }
        case "/streams" -> {
          exchange.setStreams(
              new ByteArrayInputStream("other".getBytes(UTF_8)),
              new Capitals(exchange.getResponseBody()));
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
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
    try (Host host = serve(HttpHandlers.app(handler));
        RawClient client = host.connect()) {
      for (int i = 0; i < 2; i++) {
        Answer answer = client.send(request).answer();
        assertThat(answer.status()).isEqualTo(expected.status());
        assertThat(answer.body()).isEqualTo(expected.body());
        assertThat(apps(answer, expected)).isEqualTo(apps(expected, expected));
      }
    }
  }

  /** What a handler does to its context, or to its exchange, and what comes of it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /counted HTTP/1.1~Host: a~~|GET /counted HTTP/1.1~Host: a~~",
        "GET /who HTTP/1.1~Host: a~~|GET /guard HTTP/1.1~Host: a~~|GET /who HTTP/1.1~Host: a~~"
            + "|GET /who HTTP/1.1~Host: a~Authorization: Basic YW5uOnNlY3JldA==~~"
            + "|GET /who HTTP/1.1~Host: a~Authorization: Basic YW5uOndyb25n~~",
        "GET /filter HTTP/1.1~Host: a~~|GET /chunks HTTP/1.1~Host: a~~"
            + "|GET /missing HTTP/1.1~Host: a~~",
        "POST /streams HTTP/1.1~Host: a~Content-Length: 5~~hello",
      })
  void whatItDoesToItsContextLastsAsThere(String texts) throws Exception {
    String[] requests = texts.replace("~", "\r\n").split("\\|");
    List<Answer> expected = new ArrayList<>();
    try (RawClient client = new RawClient(SocketChannel.open(original.getAddress()))) {
      for (String request : requests) {
        expected.add(client.send(request).answer());
      }
    }
    // Where the filter was set it does not filter yet; and after an answer it is still at work.
    int passed = texts.contains("/filter") ? requests.length - 1 : 0;
    Await.until(10, () -> filtered.size() == passed);
    List<String> seen = List.copyOf(filtered);
    filtered.clear();
    try (Host host = serve(HttpHandlers.app(handler));
        RawClient client = host.connect()) {
      for (int i = 0; i < requests.length; i++) {
        Answer there = expected.get(i);
        Answer answer = client.send(requests[i]).answer();
        assertThat(answer.status()).isEqualTo(there.status());
        assertThat(answer.body()).isEqualTo(there.body());
        assertThat(apps(answer, there)).isEqualTo(apps(there, there));
      }
      Await.until(10, () -> filtered.size() >= passed);
      assertThat(filtered).isEqualTo(seen);
    }
  }

  /** There they are those of the context, so that requests see each other's. */
  @Test
  void theAttributesOfAnExchangeAreItsOwn() throws Exception {
    HttpHandler noting =
        exchange -> {
          Object before = exchange.getAttribute("before");
          exchange.setAttribute("before", "there");
          text(exchange, before + " " + exchange.getAttribute("before"));
        };
    try (Host host = serve(HttpHandlers.app(noting));
        RawClient client = host.connect()) {
      assertThat(client.get("/a").body()).isEqualTo("null there");
      assertThat(client.get("/a").body()).isEqualTo("null there");
    }
  }

  /** There the connection is closed, without a word; here the client is told. */
  @Test
  void aHandlerThatThrowsIsAnsweredFor() throws Exception {
    HttpHandler broken =
        _ -> {
          throw new IllegalStateException("broken on purpose");
        };
    try (Host host = serve(HttpHandlers.app(broken));
        RawClient client = host.connect()) {
      assertThat(client.get("/a").status()).isEqualTo(500);
      assertThat(host.said("broken on purpose")).isTrue();
    }
  }

  /** There its client waits for ever; here the end of the handler is that of the exchange. */
  @Test
  void aHandlerThatForgetsToCloseIsDoneWhenItReturns() throws Exception {
    HttpHandler forgetful = exchange -> text(exchange, "done");
    try (Host host = serve(HttpHandlers.app(forgetful));
        RawClient client = host.connect()) {
      assertThat(client.get("/a").body()).isEqualTo("done");
      assertThat(client.get("/a").body()).isEqualTo("done");
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
