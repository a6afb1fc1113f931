package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.WebSocketAccept;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.app.middleware.Cors;
import dev.arbiter.app.middleware.Middleware;
import dev.arbiter.app.middleware.RateLimit;
import dev.arbiter.app.middleware.RequestLog;
import dev.arbiter.app.middleware.TrustedHosts;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What middleware makes of a request for a WebSocket; the same for every kind. */
@Timeout(60)
public abstract class MiddlewareCases {
  private final List<Map<String, Object>> states = new CopyOnWriteArrayList<>();

  private final BlockingApp blocking =
      request -> {
        states.add(request.state());
        return request.path().equals("/refused")
            ? Response.text("no").withStatus(403)
            : Response.webSocket(_ -> {}).withHeader("x-app", "a");
      };

  private final AsyncApp async =
      (scope, receive, send) -> {
        states.add(((WebSocketScope) scope).state());
        return ((WebSocketScope) scope).path().equals("/refused")
            ? send.send(new dev.arbiter.app.SendEvent.WebSocketClose(1000, ""))
            : receive
                .next()
                .thenCompose(_ -> send.send(new WebSocketAccept(null, Headers.of("x-app", "a"))));
      };

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  private Host behind(boolean inBlocking, Middleware... middleware) throws Exception {
    return serve(Middleware.chain(inBlocking ? blocking : async, middleware));
  }

  private static Answer ask(Host host, String path, String... fields) throws IOException {
    try (RawClient client = host.connect()) {
      String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
      String hostField = more.startsWith("Host: ") ? "" : "Host: shop.example\r\n";
      client.send(
          "GET "
              + path
              + " HTTP/1.1\r\n"
              + hostField
              + more
              + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
      return client.head();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void unknownHostsAreRefused(boolean inBlocking) throws Exception {
    try (Host host = behind(inBlocking, TrustedHosts.of("shop.example"))) {
      assertThat(ask(host, "/").status()).isEqualTo(101);
      assertThat(ask(host, "/", "Host: evil.example").status()).isEqualTo(400);
      assertThat(states).hasSize(1);
    }
  }

  @Test
  void theAppSeesTheHostThatATrustedProxyTells() throws Exception {
    AsyncApp telling =
        (scope, receive, send) -> {
          Headers seen = Headers.of("x-seen", ((WebSocketScope) scope).host());
          return receive.next().thenCompose(_ -> send.send(new WebSocketAccept(null, seen)));
        };
    try (Host host = serve(telling, "proxy-headers", "true", "forwarded-allow-ips", "127.0.0.1")) {
      Answer answer = ask(host, "/", "Host: inner", "X-Forwarded-Host: shop.example");
      assertThat(answer.field("x-seen")).isEqualTo("shop.example");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void handshakesAreCounted(boolean inBlocking) throws Exception {
    try (Host host = behind(inBlocking, RateLimit.of(2, Duration.ofDays(1)))) {
      assertThat(ask(host, "/").status()).isEqualTo(101);
      assertThat(ask(host, "/").status()).isEqualTo(101);
      Answer third = ask(host, "/");
      assertThat(third.status()).isEqualTo(429);
      assertThat(third.field("retry-after")).isNotEmpty();
      assertThat(states).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'Origin: https://page.example', 101, 101",
    "'Origin: HTTPS://Page.Example', 101, 101",
    "'Origin: https://shop.example', 101, 101",
    "'Origin: http://shop.example', 101, 101",
    "'', 101, 101",
    "'Origin: https://evil.example', 403, 403",
    "'Origin: https://shop.example.evil.example', 403, 403",
    "'Origin: null', 403, 403",
    "'Origin: https://page.example|Origin: https://evil.example', 403, 403",
    "'Origin: https://page.example|Cookie: a=b', 403, 101",
    "'Origin: https://shop.example|Cookie: a=b', 101, 101",
  })
  void pagesOfOtherOriginsAreRefused(String fields, int plain, int credentials) throws Exception {
    String[] sent = fields.isEmpty() ? new String[0] : fields.split("\\|");
    for (boolean inBlocking : new boolean[] {true, false}) {
      try (Host host = behind(inBlocking, Cors.of("https://page.example"))) {
        assertThat(ask(host, "/", sent).status()).isEqualTo(plain);
      }
      Cors with = Cors.builder().origins("https://page.example").credentials().build();
      try (Host host = behind(inBlocking, with)) {
        assertThat(ask(host, "/", sent).status()).isEqualTo(credentials);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void handshakesAreLoggedAndGivenAnId(boolean inBlocking) throws Exception {
    List<RequestLog.Entry> log = new CopyOnWriteArrayList<>();
    try (Host host = behind(inBlocking, RequestLog.to(log::add))) {
      Answer answer = ask(host, "/a");
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.field("x-app")).isEqualTo("a");
      String id = answer.field("x-request-id");
      assertThat(states.getFirst()).containsEntry(RequestLog.ID, id);
      assertThat(ask(host, "/refused").status()).isEqualTo(403);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (log.size() < 2 && System.nanoTime() < end) {
        Thread.onSpinWait(); // it is written when the app has ended, after its answer
      }
    }
    assertThat(log).extracting(RequestLog.Entry::status).containsExactly(101, 403);
    assertThat(log.getFirst().request().path()).isEqualTo("/a");
  }
}
