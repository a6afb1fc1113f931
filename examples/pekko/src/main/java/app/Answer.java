package app;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Sends a response of Pekko's. A part is pulled when there is room for it; the stream is cancelled
 * when the client goes. On the dispatcher, and on the threads of whoever completes a stage.
 */
final class Answer {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

  /** What the entity says, and not whoever has put them among the fields. */
  private static final Set<String> OF_ENTITY =
      Set.of("content-type", "content-length", "transfer-encoding");

  private final Send send;
  private final Incoming incoming;
  private final ActorSystem system;
  private volatile Headers trailers = Headers.empty();
  private volatile CompletionStage<Void> sending = CompletableFuture.completedStage(null);

  Answer(Send send, Incoming incoming, ActorSystem system) {
    this.send = send;
    this.incoming = incoming;
    this.system = system;
  }

  /**
   * Sends it whole.
   *
   * @param head whether to leave the body out, as for HEAD
   * @return fails if the body does, so that the worker cuts it
   */
  CompletionStage<Void> send(HttpResponse response, boolean head) {
    ResponseEntity entity = response.entity();
    Headers fields = fields(response);
    if (!entity.getContentType().equals(ContentTypes.NO_CONTENT_TYPE)) {
      fields = fields.with("content-type", entity.getContentType().value());
    }
    // Of one part the worker knows it, but for HEAD that part is missing.
    boolean strict = entity instanceof HttpEntity.Strict && !head;
    if (!strict
        && entity.getContentLengthOption().isPresent()
        && response.status().allowsEntity()) {
      long length = entity.getContentLengthOption().getAsLong();
      fields = fields.with("content-length", Long.toString(length));
    }
    ResponseStart start = new ResponseStart(response.status().intValue(), fields);
    if (entity instanceof HttpEntity.Strict whole) {
      ByteBuffer bytes = head ? NOTHING : whole.getData().asByteBuffer();
      return send.send(start).thenCompose(_ -> send.send(new ResponseBody(bytes, false)));
    }
    Source<ByteString, ?> body = body(entity);
    // A head waits for the first part, of which there may be none yet.
    return send.send(start)
        .thenCompose(_ -> send.send(new ResponseBody(NOTHING, true)))
        .handleAsync( // what a stream runs when it starts is the app's
            (_, failure) -> {
              if (failure == null && !head) {
                return stream(body);
              }
              body.runWith(Sink.cancelled(), system); // or what it holds would stay open
              return failure == null
                  ? CompletableFuture.<Void>completedFuture(null)
                  : CompletableFuture.<Void>failedFuture(failure);
            },
            system.dispatcher())
        .thenCompose(Function.identity())
        .thenCompose(_ -> incoming.ended() ? CompletableFuture.completedStage(null) : end());
  }

  private CompletionStage<Void> end() {
    return send.send(
        trailers.size() == 0 ? new ResponseBody(NOTHING, false) : new ResponseTrailers(trailers));
  }

  /** In their order, those that a server of Pekko's would send. */
  static Headers fields(HttpResponse response) {
    return rendered(response.getHeaders());
  }

  private static Headers rendered(Iterable<HttpHeader> headers) {
    List<String> fields = new ArrayList<>();
    for (HttpHeader header : headers) {
      if (header.renderInResponses() && !OF_ENTITY.contains(header.lowercaseName())) {
        fields.add(header.name());
        fields.add(header.value());
      }
    }
    return Headers.of(fields.toArray(String[]::new));
  }

  private Source<ByteString, ?> body(ResponseEntity entity) {
    if (!(entity instanceof HttpEntity.Chunked chunked)) {
      return entity.getDataBytes();
    }
    return chunked
        .getChunks()
        .map(
            chunk -> {
              if (chunk.isLastChunk()) {
                trailers = rendered(chunk.getTrailerHeaders());
              }
              return chunk.data();
            })
        .filter(ByteString::nonEmpty);
  }

  /** Until it ends, or its client has gone: then the response stays unfinished. */
  private CompletionStage<Void> stream(Source<ByteString, ?> body) {
    Pair<UniqueKillSwitch, CompletionStage<Done>> running =
        body.viaMat(KillSwitches.<ByteString>single(), Keep.right())
            .toMat(Sink.<ByteString>foreachAsync(1, this::sent), Keep.both())
            .run(system);
    incoming.end().thenRun(running.first()::shutdown);
    return running
        .second()
        .handle(
            (_, failure) ->
                failure == null || ClientLeft.causes(failure)
                    ? CompletableFuture.<Void>completedFuture(null)
                    : CompletableFuture.<Void>failedFuture(failure))
        // A stream may fail while a part is under way, which the end must not overtake.
        .thenCompose(end -> sending.handle((_, _) -> end).thenCompose(Function.identity()));
  }

  private CompletionStage<Void> sent(ByteString bytes) {
    CompletionStage<Void> room = send.send(new ResponseBody(bytes.asByteBuffer(), true));
    sending = room;
    return room;
  }
}
