package app;

import dev.arbiter.app.Headers;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ws.BinaryMessage;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.http.scaladsl.model.ws.Message;
import org.apache.pekko.http.scaladsl.model.ws.PeerClosedConnectionException;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * A WebSocket through a route's flow: a message is asked for when the flow has demand, and pulled
 * out of it when there is room. On the dispatcher.
 */
final class Session {
  private final Incoming incoming;
  private final Send send;
  private final ActorSystem system;

  Session(Send send, Incoming incoming, ActorSystem system) {
    this.send = send;
    this.incoming = incoming;
    this.system = system;
  }

  /**
   * Accepts, and serves to the end.
   *
   * @return fails if the flow does, to which the worker answers with 1011
   */
  CompletionStage<Void> serve(Upgrade.Accepted accepted, Headers fields) {
    SendEvent accept = new SendEvent.WebSocketAccept(accepted.subprotocol().orElse(null), fields);
    return incoming
        .next()
        .thenCompose(
            event ->
                event instanceof ReceiveEvent.WebSocketConnect
                    ? send.send(accept)
                    : CompletableFuture.failedFuture(new ClientLeft()))
        .thenComposeAsync(_ -> run(accepted), system.dispatcher())
        .exceptionally(Session::unlessLeft);
  }

  private CompletionStage<Void> run(Upgrade.Accepted accepted) {
    incoming.watch();
    Pair<UniqueKillSwitch, CompletionStage<Done>> running =
        messages()
            .watchTermination(
                (_, done) -> {
                  done.thenRun(this::drop);
                  return NotUsed.getInstance();
                })
            .via(accepted.handler())
            .viaMat(KillSwitches.<Message>single(), Keep.right())
            .toMat(Sink.<Message>foreachAsync(1, this::sent), Keep.both())
            .run(system);
    incoming.end().thenRun(running.first()::shutdown);
    return running
        .second()
        .thenCompose(
            _ ->
                incoming.ended()
                    ? CompletableFuture.<Void>completedFuture(null)
                    : sent(new SendEvent.WebSocketClose(1000, "")));
  }

  /** That the client leaves is no failure of the flow. */
  private static Void unlessLeft(Throwable failure) {
    if (ClientLeft.causes(failure)) {
      return null;
    }
    throw new CompletionException(failure);
  }

  // ---- in

  private Source<Message, NotUsed> messages() {
    return Source.<NotUsed, ReceiveEvent>unfoldAsync(
            NotUsed.getInstance(),
            none ->
                incoming
                    .next()
                    .thenApply(
                        event ->
                            leaves(event)
                                ? Optional.empty()
                                : Optional.of(Pair.create(none, event))))
        .map(Session::message);
  }

  /** In good order: 1000, going away, without a code, and the worker with its restart. */
  private static boolean leaves(ReceiveEvent event) {
    return event instanceof ReceiveEvent.WebSocketDisconnect(int code, String _)
        && (code == 1000 || code == 1001 || code == 1005 || code == 1012);
  }

  private static Message message(ReceiveEvent event) {
    return switch (event) {
      case ReceiveEvent.WebSocketText(String text) -> TextMessage.create(text).asScala();
      case ReceiveEvent.WebSocketBinary(ByteBuffer bytes) ->
          BinaryMessage.create(ByteString.fromByteBuffer(bytes)).asScala();
      case ReceiveEvent.WebSocketDisconnect(int code, String reason) ->
          throw new PeerClosedConnectionException(code, reason);
      default -> throw new IllegalStateException("not of a WebSocket: " + event);
    };
  }

  /** A flow that reads no more: messages are taken on, or the end behind them is not seen. */
  private void drop() {
    if (!incoming.ended()) {
      messages().runWith(Sink.ignore(), system);
    }
  }

  // ---- out

  /** One that is streamed is gathered first: a worker is given messages whole. */
  private CompletionStage<Void> sent(Message message) {
    if (message instanceof org.apache.pekko.http.scaladsl.model.ws.TextMessage text) {
      return TextMessage.adapt(text)
          .getStreamedText()
          .runFold(new StringBuilder(), StringBuilder::append, system)
          .thenCompose(whole -> sent(new SendEvent.WebSocketText(whole.toString())));
    }
    return BinaryMessage.adapt((org.apache.pekko.http.scaladsl.model.ws.BinaryMessage) message)
        .getStreamedData()
        .runFold(ByteString.emptyByteString(), ByteString::concat, system)
        .thenCompose(whole -> sent(new SendEvent.WebSocketBinary(whole.asByteBuffer())));
  }

  private CompletionStage<Void> sent(SendEvent event) {
    return send.send(event)
        .exceptionallyCompose(
            failure -> {
              Throwable cause =
                  failure instanceof CompletionException ? failure.getCause() : failure;
              return CompletableFuture.failedFuture(
                  cause instanceof IOException gone ? new ClientLeft(gone) : failure);
            });
  }
}
