package dev.arbiter.app.middleware;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.App;
import dev.arbiter.app.Asked;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Notice;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every middleware, and what {@link RequestLog} adds, in both contracts. */
class MiddlewareTest {
  private static final CompletionStage<Void> SENT = CompletableFuture.completedStage(null);
  private static final Receive NOTHING = CompletableFuture::new;

  private final List<RequestLog.Entry> log = new ArrayList<>();
  private final RequestLog requestLog = RequestLog.to(log::add);
  private final List<SendEvent> sent = new ArrayList<>();
  private final Send send =
      event -> {
        sent.add(event);
        return SENT;
      };

  private static Middleware adding(String name) {
    return _ ->
        new Passage() {
          @Override
          public Headers headers(int status, Headers headers) {
            return headers.with("via", name + status);
          }
        };
  }

  private static final Middleware REFUSING =
      _ -> Passage.answered(Response.text("no").withStatus(418));

  private static Response handle(App app, Request request) throws Exception {
    return ((BlockingApp) app).handle(request);
  }

  private void serve(App app, HttpScope scope) throws Exception {
    ((AsyncApp) app).handle(scope, NOTHING, send).toCompletableFuture().get();
  }

  private static AsyncApp answering(String text) {
    return (_, _, send) ->
        send.send(new ResponseStart(200, Headers.empty()))
            .thenCompose(
                _ -> send.send(new ResponseBody(ByteBuffer.wrap(text.getBytes(UTF_8)), false)));
  }

  private ResponseStart started() {
    return (ResponseStart) sent.getFirst();
  }

  @Test
  void theFirstOfAChainIsTheOutermost() throws Exception {
    BlockingApp app = _ -> Response.of(200);
    Response answer = handle(Middleware.chain(app, adding("a"), adding("b")), Asked.get("/"));
    assertThat(answer.headers().all("via")).containsExactly("b200", "a200");

    serve(Middleware.chain(answering("x"), adding("a"), adding("b")), Asked.get("/"));
    assertThat(started().headers().all("via")).containsExactly("b200", "a200");
  }

  @Test
  void anAnswerPassesTheOuterOnesAndTheAppNeverSeesTheRequest() throws Exception {
    BlockingApp app = _ -> Response.of(200);
    Response answer =
        handle(Middleware.chain(app, adding("a"), REFUSING, adding("b")), Asked.get("/"));
    assertThat(answer.status()).isEqualTo(418);
    assertThat(answer.headers().all("via")).containsExactly("a418");

    serve(Middleware.chain(answering("x"), adding("a"), REFUSING), Asked.get("/"));
    assertThat(started().status()).isEqualTo(418);
    assertThat(started().headers().all("via")).containsExactly("a418");
    assertThat(((ResponseBody) sent.get(1)).more()).isFalse();
    assertThat(sent).hasSize(2);
  }

  @Test
  void theLifespanIsPassedOn() throws Exception {
    List<String> told = new ArrayList<>();
    class Told {
      void startup() {
        told.add("startup");
      }

      void shutdown() {
        told.add("shutdown");
      }

      void health() {
        told.add("health");
      }

      void notice() {
        told.add("notice");
      }
    }
    Told tell = new Told();
    BlockingApp blocking =
        new BlockingApp() {
          @Override
          public Response handle(Request request) {
            return Response.of(200);
          }

          @Override
          public void startup(Lifespan lifespan) {
            tell.startup();
          }

          @Override
          public void shutdown() {
            tell.shutdown();
          }

          @Override
          public void checkHealth() {
            tell.health();
          }

          @Override
          public void callbackNotify(Notice notice) {
            tell.notice();
          }
        };
    AsyncApp async =
        new AsyncApp() {
          @Override
          public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
            return SENT;
          }

          @Override
          public void startup(Lifespan lifespan) {
            tell.startup();
          }

          @Override
          public void shutdown() {
            tell.shutdown();
          }

          @Override
          public void checkHealth() {
            tell.health();
          }

          @Override
          public void callbackNotify(Notice notice) {
            tell.notice();
          }
        };
    for (App app : List.of(blocking, async)) {
      told.clear();
      App wrapped = Middleware.chain(app, adding("a"), requestLog);
      wrapped.startup(new Lifespan(0, 1, 1, "test", new ConcurrentHashMap<>()));
      wrapped.checkHealth();
      wrapped.callbackNotify(new Notice(false, Optional.empty()));
      wrapped.shutdown();
      assertThat(told).containsExactly("startup", "health", "notice", "shutdown");
    }
  }

  // ---- the request log

  private static Map<String, Object> state(RequestHead request) {
    return request.state();
  }

  @Test
  void anIdIsMadeAndSeenByTheAppTheClientAndTheLog() throws Exception {
    BlockingApp app =
        request ->
            Response.text(state(request).get(RequestLog.ID) + " " + state(request).get("from"));
    Response answer = handle(requestLog.around((App) app), Asked.get("/a?secret=1"));
    String id = answer.headers().first("x-request-id").orElseThrow();
    assertThat(id).matches("[0-9a-f]{32}");
    assertThat(answer.body()).isInstanceOf(Response.Body.Bytes.class);
    assertThat(new String(((Response.Body.Bytes) answer.body()).bytes(), UTF_8))
        .isEqualTo(id + " startup");
    assertThat(log).hasSize(1);
    assertThat(log.getFirst().toString()).matches("GET /a 200 [0-9.]+ ms id=" + id);
  }

  @Test
  void theClientsIdIsTaken() throws Exception {
    serve(requestLog.around((App) answering("x")), Asked.get("/", "X-Request-Id", "abc-1"));
    assertThat(started().headers().all("x-request-id")).containsExactly("abc-1");
    assertThat(log.getFirst().id()).isEqualTo("abc-1");
    assertThat(log.getFirst().status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a\tb", "a\"b", "<script>", "ä", "{jndi}"})
  void anIdThatCouldDoHarmIsNot(String id) throws Exception {
    Response answer =
        handle(
            requestLog.around((App) (BlockingApp) _ -> Response.of(200)),
            Asked.get("/", "x-request-id", id));
    assertThat(answer.headers().first("x-request-id").orElseThrow()).matches("[0-9a-f]{32}");
  }

  @Test
  void anIdThatIsLongIsNotTaken() throws Exception {
    serve(requestLog.around((App) answering("x")), Asked.get("/", "x-request-id", "a".repeat(129)));
    assertThat(log.getFirst().id()).matches("[0-9a-f]{32}");
  }

  @Test
  void aFailureIsLoggedAndThrownOn() {
    BlockingApp blocking =
        _ -> {
          throw new IOException("disk");
        };
    assertThatThrownBy(() -> handle(requestLog.around((App) blocking), Asked.get("/")))
        .hasMessage("disk");
    AsyncApp async = (_, _, _) -> CompletableFuture.failedFuture(new IOException("disk"));
    assertThatThrownBy(() -> serve(requestLog.around((App) async), Asked.get("/")))
        .hasRootCauseMessage("disk");
    assertThat(log).extracting(RequestLog.Entry::status).containsExactly(500, 500);
    assertThat(log).allMatch(entry -> entry.failure().isPresent());
  }

  @Test
  void aStreamIsOverWhenItIsWritten() throws Exception {
    BlockingApp app = _ -> Response.stream("text/plain", out -> out.write('x'));
    Response answer = handle(requestLog.around((App) app), Asked.get("/"));
    assertThat(log).isEmpty();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ((Response.Body.Stream) answer.body()).writer().writeTo(out);
    assertThat(out.toString(UTF_8)).isEqualTo("x");
    assertThat(log).hasSize(1);
  }

  @Test
  void aStreamThatNobodyWritesIsOverAtOnce() throws Exception {
    BlockingApp app = _ -> Response.stream("text/plain", out -> out.write('x'));
    handle(requestLog.around((App) app), Asked.of("HEAD", "/"));
    assertThat(log).hasSize(1);
  }
}
