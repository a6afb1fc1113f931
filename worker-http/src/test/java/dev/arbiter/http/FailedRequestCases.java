package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.WebSocketAccept;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.app.middleware.RequestLog;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A request whose app fails is named in the worker's log as in all others, however the app fails;
 * the same for every kind.
 */
@Timeout(60)
public abstract class FailedRequestCases {
  private static final String CAUSE = "broken on purpose";
  private static final ByteBuffer PART = ByteBuffer.wrap(new byte[100_000]);

  private static final HttpHandler HANDLER =
      _ -> {
        throw new IllegalStateException(CAUSE);
      };

  private static final Map<String, App> APPS =
      Map.of(
          "throws",
          (BlockingApp)
              _ -> {
                throw new IllegalStateException(CAUSE);
              },
          "throws in its stream",
          (BlockingApp)
              _ ->
                  Response.stream(
                      "text/plain",
                      out -> {
                        out.write(new byte[100_000]);
                        out.flush();
                        throw new IllegalStateException(CAUSE);
                      }),
          "fails its stage",
          (AsyncApp) (_, _, _) -> CompletableFuture.failedStage(new IllegalStateException(CAUSE)),
          "fails its stage in its stream",
          (AsyncApp)
              (_, _, send) ->
                  send.send(new ResponseStart(200, Headers.empty()))
                      .thenCompose(_ -> send.send(new ResponseBody(PART.duplicate(), true)))
                      .thenCompose(
                          _ -> CompletableFuture.failedStage(new IllegalStateException(CAUSE))),
          "throws in its WebSocket",
          (BlockingApp)
              _ ->
                  Response.webSocket(
                      _ -> {
                        throw new IllegalStateException(CAUSE);
                      }),
          "fails its stage in its WebSocket",
          (AsyncApp)
              (_, receive, send) ->
                  receive
                      .next()
                      .thenCompose(_ -> send.send(new WebSocketAccept(null, Headers.empty())))
                      .thenCompose(
                          _ -> CompletableFuture.failedStage(new IllegalStateException(CAUSE))),
          "throws as a handler of the JDK's",
          HttpHandlers.app(HANDLER));

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "throws",
        "throws in its stream",
        "fails its stage",
        "fails its stage in its stream",
        "throws in its WebSocket",
        "fails its stage in its WebSocket",
        "throws as a handler of the JDK's"
      })
  void isNamedByTheIdItHas(String how) throws Exception {
    App app = Objects.requireNonNull(APPS.get(how));
    String more =
        how.endsWith("WebSocket")
            ? String.join(
                "\r\n",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "")
            : "";
    String request = "GET /a?secret HTTP/1.1\r\nHost: a\r\n" + more;
    try (Host host = serve(app);
        RawClient client = host.connect()) {
      client.send(request + "X-Request-Id: the/clients\r\n\r\n");
      isSaid(host, "the/clients");
    }
    List<RequestLog.Entry> log = new CopyOnWriteArrayList<>();
    try (Host host = serve(RequestLog.to(log::add).around(app));
        RawClient client = host.connect()) {
      client.send(request + "\r\n");
      Await.until(30, () -> !log.isEmpty());
      isSaid(host, log.getFirst().id());
    }
  }

  private static void isSaid(Host host, String id) throws Exception {
    Await.until(30, () -> host.said(CAUSE));
    assertThat(host.said("error: GET /a, request " + id + ": the app ")).isTrue();
    assertThat(host.said("secret")).isFalse();
  }
}
