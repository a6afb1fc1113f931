package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.Disconnect;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules.Rule;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of an exchange. {@link #next} may be called from any thread; the rest is on
 * the connection's loop.
 */
final class Inbox implements Receive {
  private static final int ROOM = 64 * 1024;
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();
  private final Exchange exchange;
  private @Nullable BodyParts parts;
  private long received;
  private boolean complete;
  private boolean lastGiven;
  private volatile @Nullable Headers trailers;
  private boolean asked;
  private boolean discarding;
  private int discarded;
  private int since;
  private volatile @Nullable ClientGone failure;
  private @Nullable CompletableFuture<ReceiveEvent> waiter;

  Inbox(Exchange exchange) {
    this.exchange = exchange;
    this.complete = !exchange.head().hasBody();
    if (complete) {
      trailers = Headers.empty();
    }
  }

  /**
   * What came after the body, once the app was given its last part. Any thread.
   *
   * @throws IllegalStateException before that
   */
  Headers trailers() {
    Headers known = trailers;
    if (known == null) {
      throw new IllegalStateException("Trailers are known when the body was read to its end.");
    }
    return known;
  }

  /** Whether the whole body has come, read or not. */
  boolean complete() {
    return complete;
  }

  long received() {
    return received;
  }

  /** Whether more may be read from the network. */
  boolean hasRoom() {
    return complete || discarding || buffered() < ROOM;
  }

  /** What has come and was not asked for. */
  private int buffered() {
    return parts == null ? 0 : parts.size();
  }

  /**
   * Whether the connection can be used again, as far as is known when the response begins: what the
   * app did not ask for must be little, and the client must be going to send it.
   */
  boolean leavesConnectionUsable() {
    if (complete || asked) {
      return true;
    }
    IncomingHead head = exchange.head();
    if (head.expectsContinue() && received == 0) {
      return false;
    }
    return head.contentLength() - received <= HttpConnection.DISCARD;
  }

  // ---- the app

  @Override
  public CompletionStage<ReceiveEvent> next() {
    if (exchange.stream().loop().executor().inEventLoop()) {
      return ask(new CompletableFuture<>());
    }
    CompletableFuture<ReceiveEvent> event = new CompletableFuture<>();
    if (!exchange.stream().loop().tryExecute(() -> ask(event))) {
      event.complete(new Disconnect());
    }
    return event;
  }

  private CompletableFuture<ReceiveEvent> ask(CompletableFuture<ReceiveEvent> event) {
    if (waiter != null) {
      event.completeExceptionally(
          new IllegalStateException("The event asked for before has not come yet."));
      return event;
    }
    waiter = event;
    since = exchange.stream().loop().tick();
    if (!asked) {
      asked = true;
      sendContinue();
    }
    deliver();
    exchange.stream().read();
    return event;
  }

  private void sendContinue() {
    if (exchange.head().expectsContinue()
        && received == 0
        && !complete
        && !exchange.outbox().started()) {
      exchange.stream().sendContinue();
    }
  }

  private void deliver() {
    CompletableFuture<ReceiveEvent> waiting = waiter;
    if (waiting == null) {
      return;
    }
    ReceiveEvent event = failure == null ? poll() : new Disconnect();
    if (event != null) {
      waiter = null;
      waiting.complete(event);
    }
  }

  private @Nullable ReceiveEvent poll() {
    ByteBuffer part = parts == null ? null : parts.poll();
    if (part != null) {
      exchange.stream().consumed(part.remaining());
      lastGiven = complete && buffered() == 0;
      noteTrailers();
      return new RequestBody(part, !lastGiven);
    }
    if (complete && !lastGiven) {
      lastGiven = true;
      noteTrailers();
      return new RequestBody(EMPTY, false);
    }
    boolean over = exchange.answered() || exchange.gone() || exchange.stream().inputEnded();
    return over ? new Disconnect() : null;
  }

  private void noteTrailers() {
    if (lastGiven) {
      trailers = exchange.head().trailers();
    }
  }

  // ---- the connection

  /** The client has framed its body wrongly. */
  void malformed() {
    if (!complete && failure == null) {
      Refusal framing = exchange.head().refusal();
      exchange.refuse(framing == null ? Rule.CHUNK.refusal() : framing);
    }
  }

  /** Takes a part of the body; the caller releases it. */
  void take(ByteBuf bytes, boolean last) {
    if (complete || failure != null) {
      exchange.stream().consumed(bytes.readableBytes());
      return;
    }
    int count = bytes.readableBytes();
    received += count;
    if (!discarding) {
      // What nobody reads has its time from the beginning: a byte now and then does not prolong it.
      since = exchange.stream().loop().tick();
    }
    long limit = exchange.head().bodyLimit();
    if (limit > 0 && received > limit) {
      exchange.refuse(Rule.BODY_SIZE.refusal());
      return;
    }
    complete = last;
    if (discarding) {
      exchange.stream().consumed(count);
      discard(count);
      return;
    }
    if (count > 0) {
      keep(bytes);
    }
    deliver();
    exchange.stream().read();
  }

  private void keep(ByteBuf bytes) {
    BodyParts kept = parts;
    if (kept == null) {
      kept = new BodyParts();
      parts = kept;
    }
    kept.add(bytes);
  }

  /** The response is complete while the body is not: what is left is taken in, if it is little. */
  void discard() {
    discarding = true;
    since = exchange.stream().loop().tick();
    int unread = buffered();
    parts = null;
    exchange.stream().consumed(unread);
    discard(unread);
    exchange.stream().flushSoon();
    exchange.stream().read();
  }

  private void discard(int count) {
    discarded += count;
    if (complete) {
      exchange.stream().done(exchange);
    } else if (discarded > HttpConnection.DISCARD || exchange.stream().inputEnded()) {
      exchange.stream().end(true);
    }
  }

  /** The client will send no more. */
  void end() {
    if (discarding && !complete) {
      exchange.stream().end(false);
    }
    deliver();
  }

  /** The response is complete, or the connection has ended. */
  void close() {
    deliver();
  }

  /** Why nothing more will come, or be sent; null if that is not so, or the client has gone. */
  @Nullable ClientGone failure() {
    return failure;
  }

  /** Nothing more will come, which who has asked for it is told at {@link #close}. */
  void fail(ClientGone reason) {
    failure = reason;
    int held = buffered();
    parts = null;
    exchange.stream().consumed(held);
  }

  /** Once a tick: whether the client keeps the app waiting for too long. */
  void check() {
    HttpStream stream = exchange.stream();
    int passed = stream.loop().tick() - since;
    if (complete || passed <= stream.loop().bodyTicks()) {
      return;
    }
    if (discarding) {
      stream.late(Limit.BODY);
      stream.end(true);
    } else if (waiter != null) {
      stream.late(Limit.BODY);
      exchange.refuse(Rule.BODY_TIMEOUT.refusal());
    }
  }
}
