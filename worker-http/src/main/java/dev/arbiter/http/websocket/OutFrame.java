package dev.arbiter.http.websocket;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A frame that is ready to be written: all of its header, then all of its payload, with nothing in
 * between. A worker that has written it says so to {@link WebSocketSession#written}.
 */
public final class OutFrame {
  private final ByteBuffer header;
  private final ByteBuffer payload;
  private final boolean closing;
  private final @Nullable CompletableFuture<Void> stage;

  private OutFrame(
      ByteBuffer header,
      ByteBuffer payload,
      boolean closing,
      @Nullable CompletableFuture<Void> stage) {
    this.header = header;
    this.payload = payload;
    this.closing = closing;
    this.stage = stage;
  }

  static OutFrame message(int opcode, ByteBuffer bytes, boolean mayDeflate) {
    ByteBuffer plain = bytes.duplicate();
    ByteBuffer packed =
        mayDeflate && plain.remaining() >= Deflate.WORTH_IT ? Deflate.deflate(plain) : null;
    ByteBuffer payload = packed == null ? plain : packed;
    return new OutFrame(
        Frames.header(opcode, packed != null, payload.remaining()),
        payload,
        false,
        new CompletableFuture<>());
  }

  static OutFrame control(int opcode, ByteBuffer payload) {
    return new OutFrame(
        Frames.header(opcode, false, payload.remaining()), payload, opcode == Frames.CLOSE, null);
  }

  /** The header; its position is the writer's. */
  public ByteBuffer header() {
    return header;
  }

  /** The payload; its position is the writer's. */
  public ByteBuffer payload() {
    return payload;
  }

  boolean closing() {
    return closing;
  }

  /** Completes when there is room for the next; null if nobody waits. */
  @Nullable CompletableFuture<Void> stage() {
    return stage;
  }
}
