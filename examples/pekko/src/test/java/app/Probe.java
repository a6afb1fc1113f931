package app;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import dev.arbiter.app.Lifespan;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Routes that tell a test what their streams do. */
final class Probe extends PekkoApp {
  static final int PART = 16 * 1024;

  final AtomicInteger made = new AtomicInteger();
  final AtomicInteger taken = new AtomicInteger();
  final CompletableFuture<Done> started = new CompletableFuture<>();
  final CompletableFuture<Done> over = new CompletableFuture<>();
  final CompletableFuture<Done> release = new CompletableFuture<>();
  @Nullable ActorSystem system;

  @Override
  Route route(ActorSystem started, Lifespan lifespan) {
    system = started;
    return concat(
        path("parts", () -> complete(streamed(parts()))),
        path("silence", () -> complete(streamed(told(Source.never())))),
        path("reads", () -> extractRequest(this::reads)));
  }

  /** An app of one route, which makes its response of the request. */
  static PekkoApp answering(Function<HttpRequest, HttpResponse> answer) {
    return running((_, _) -> extractRequest(request -> complete(answer.apply(request))));
  }

  /** What an app is but for its class. */
  interface Routes {
    Route route(ActorSystem system, Lifespan lifespan) throws Exception;
  }

  static PekkoApp running(Routes routes) {
    return new PekkoApp() {
      @Override
      Route route(ActorSystem system, Lifespan lifespan) throws Exception {
        return routes.route(system, lifespan);
      }
    };
  }

  static HttpResponse streamed(Source<ByteString, ?> body) {
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(ContentTypes.APPLICATION_OCTET_STREAM, body));
  }

  /** Counts what it makes, and does not end by itself. */
  private Source<ByteString, NotUsed> parts() {
    ByteString part = ByteString.fromArray(new byte[PART]);
    return told(
        Source.repeat(part)
            .map(
                bytes -> {
                  made.incrementAndGet();
                  return bytes;
                }));
  }

  private <T> Source<T, NotUsed> told(Source<T, NotUsed> source) {
    started.complete(Done.getInstance());
    return source.watchTermination(
        (none, done) -> {
          done.whenComplete(
              (_, failure) -> {
                if (failure == null) {
                  over.complete(Done.getInstance());
                } else {
                  over.completeExceptionally(failure);
                }
              });
          return none;
        });
  }

  /** Takes one part, and the others when it is told to. */
  private Route reads(HttpRequest request) {
    Source<ByteString, ?> body = request.entity().getDataBytes();
    return complete(
        streamed(
            told(
                body.mapMaterializedValue(_ -> NotUsed.getInstance())
                    .mapAsync(
                        1,
                        bytes -> {
                          taken.incrementAndGet();
                          return release.thenApply(_ -> bytes);
                        }))));
  }
}
