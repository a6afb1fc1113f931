package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.Disconnect;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestRules.Rule;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
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
  private static final ByteBuf CONTINUE =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer(25).writeBytes("HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII)));

  private final Exchange exchange;
  private @Nullable BodyParts parts;
  private long received;
  private boolean complete;
  private boolean lastGiven;
  private boolean asked;
  private boolean discarding;
  private int discarded;
  private int since;
  private @Nullable ClientGone failure;
  private @Nullable CompletableFuture<ReceiveEvent> waiter;

  Inbox(Exchange exchange) {
    this.exchange = exchange;
    this.complete = !exchange.head().hasBody();
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
    if (exchange.connection().loop().executor().inEventLoop()) {
      return ask(new CompletableFuture<>());
    }
    CompletableFuture<ReceiveEvent> event = new CompletableFuture<>();
    exchange.connection().loop().executor().execute(() -> ask(event));
    return event;
  }

  private CompletableFuture<ReceiveEvent> ask(CompletableFuture<ReceiveEvent> event) {
    if (waiter != null) {
      event.completeExceptionally(
          new IllegalStateException("The event asked for before has not come yet."));
      return event;
    }
    waiter = event;
    since = exchange.connection().loop().tick();
    if (!asked) {
      asked = true;
      sendContinue();
    }
    deliver();
    exchange.connection().read();
    return event;
  }

  private void sendContinue() {
    if (exchange.head().expectsContinue()
        && received == 0
        && !complete
        && !exchange.outbox().started()) {
      exchange.connection().write(CONTINUE.duplicate());
      exchange.connection().flushSoon();
    }
  }

  private void deliver() {
    CompletableFuture<ReceiveEvent> waiting = waiter;
    if (waiting == null) {
      return;
    }
    if (failure != null) {
      waiter = null;
      waiting.completeExceptionally(failure);
      return;
    }
    ReceiveEvent event = poll();
    if (event != null) {
      waiter = null;
      waiting.complete(event);
    }
  }

  private @Nullable ReceiveEvent poll() {
    ByteBuffer part = parts == null ? null : parts.poll();
    if (part != null) {
      lastGiven = complete && buffered() == 0;
      return new RequestBody(part, !lastGiven);
    }
    if (complete && !lastGiven) {
      lastGiven = true;
      return new RequestBody(EMPTY, false);
    }
    boolean over = exchange.answered() || exchange.gone() || exchange.connection().inputEnded();
    return over ? new Disconnect() : null;
  }

  // ---- the connection

  /** Takes a part of the body; the caller releases it. */
  void take(HttpContent content) {
    if (complete || failure != null) {
      return;
    }
    if (content.decoderResult().isFailure()) {
      Refusal framing = exchange.head().refusal();
      exchange.refuse(framing == null ? Rule.CHUNK.refusal() : framing);
      return;
    }
    ByteBuf bytes = content.content();
    int count = bytes.readableBytes();
    received += count;
    if (!discarding) {
      // What nobody reads has its time from the beginning: a byte now and then does not prolong it.
      since = exchange.connection().loop().tick();
    }
    long limit = exchange.head().bodyLimit();
    if (limit > 0 && received > limit) {
      exchange.refuse(Rule.BODY_SIZE.refusal());
      return;
    }
    complete = content instanceof LastHttpContent;
    if (discarding) {
      discard(count);
      return;
    }
    if (count > 0) {
      keep(bytes);
    }
    deliver();
    exchange.connection().read();
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
    since = exchange.connection().loop().tick();
    int unread = buffered();
    parts = null;
    discard(unread);
    exchange.connection().flushSoon();
    exchange.connection().read();
  }

  private void discard(int count) {
    discarded += count;
    if (complete) {
      exchange.connection().done(exchange);
    } else if (discarded > HttpConnection.DISCARD || exchange.connection().inputEnded()) {
      exchange.connection().end(true);
    }
  }

  /** The client will send no more. */
  void end() {
    if (discarding && !complete) {
      exchange.connection().end(false);
    }
    deliver();
  }

  /** The response is complete, or the connection has ended. */
  void close() {
    deliver();
  }

  /** What is asked for next fails; and what was asked for already, at {@link #close}. */
  void fail(ClientGone reason) {
    failure = reason;
    parts = null;
  }

  /** Once a tick: whether the client keeps the app waiting for too long. */
  void check() {
    HttpConnection connection = exchange.connection();
    int passed = connection.loop().tick() - since;
    if (complete || passed <= connection.loop().bodyTicks()) {
      return;
    }
    if (discarding) {
      connection.late(Limit.BODY);
      connection.end(true);
    } else if (waiter != null) {
      connection.late(Limit.BODY);
      exchange.refuse(Rule.BODY_TIMEOUT.refusal());
    }
  }
}
