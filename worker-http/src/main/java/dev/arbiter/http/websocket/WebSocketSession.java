package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.WebSocketSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One open WebSocket between an app and a worker's connection: messages in, frames out, pings, and
 * the close handshake of RFC 6455 section 7. Lives as long as its connection.
 *
 * <p>The app may call from any thread. The worker has one thread that reads ({@link #feed}, {@link
 * #tick}) and one that writes ({@link #next}, {@link #written}, {@link #unwritten}), which may be
 * the same. The lock is never held while a stage completes, bytes move or messages are decoded.
 *
 * <p>Design note. Once a Close is queued nothing may follow it. Why it was queued decides what
 * becomes of the client's messages meanwhile: they still reach the app where the worker leaves,
 * they are dropped where the app closed (it no longer receives, and the client's own Close is
 * behind them), and nothing is read any more where the client broke the protocol.
 */
public final class WebSocketSession {

  /** The connection. */
  public interface Transport {
    /** There may be something to write, or room to read. Any thread; returns at once. */
    void wake();

    /** {@code limit} is about to end it. Reading thread. */
    void late(Limit limit);
  }

  private enum State {
    OPEN,
    /** The app has closed, or the client has: what still comes is dropped but for a Close. */
    CLOSING,
    /** The worker leaves: messages are still taken. */
    LEAVING,
    /** The client broke the protocol: nothing is read any more. */
    FAILED
  }

  private static final long NONE = Long.MIN_VALUE;

  /** Pongs that may wait for the client to read. */
  static final int PONGS = 16;

  private static final int REASON_SIZE = Frames.CONTROL_SIZE - 2;

  private final Transport transport;
  private final FrameDecoder decoder;
  private final boolean deflates;
  private final long maxQueue;

  /** What waits for the app may weigh as much as one message, whatever their number. */
  private final long maxWaiting;

  private final long closeNanos;
  private final Pings pings;

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Message> received = new ArrayDeque<>(4);
  private long waiting;
  private final Deque<OutFrame> outgoing = new ArrayDeque<>(4);

  /** Given to be written, and neither written nor given up yet: somebody may wait for it. */
  private @Nullable OutFrame writing;

  private State state = State.OPEN;
  private @Nullable CompletableFuture<Message> waiter;
  private final Deque<OutFrame> pongs = new ArrayDeque<>(1);
  private @Nullable OutFrame ping;
  private Message.@Nullable Close ours;
  private Message.@Nullable Close end;
  private boolean endGiven;
  private boolean closeWritten;
  private boolean theirsCame;
  private boolean lost;
  private long closeDeadline = NONE;

  /** A session on a connection whose handshake was answered. */
  public WebSocketSession(Handshake handshake, WebSocketSettings settings, Transport transport) {
    this.transport = transport;
    deflates = handshake.deflates();
    decoder = new FrameDecoder(settings.maxSize(), deflates);
    maxQueue = settings.maxQueue();
    maxWaiting = settings.maxSize();
    closeNanos = settings.closeTimeout().toNanos();
    pings = new Pings(settings.pingInterval(), settings.pingTimeout());
  }

  // ---- the app: any thread

  /**
   * The next message; the end, once.
   *
   * @return fails with {@link IllegalStateException} if the one before has not come yet, and with
   *     {@link WebSocketClosed} if the end was given: who does not look for it must not ask forever
   */
  public CompletionStage<Message> receive() {
    Message message;
    boolean wasFull;
    lock.lock();
    try {
      if (waiter != null) {
        return CompletableFuture.failedFuture(
            new IllegalStateException("The message asked for before has not come yet."));
      }
      wasFull = full();
      message = received.poll();
      waiting -= weight(message);
      if (message == null && end != null) {
        if (endGiven) {
          return CompletableFuture.failedFuture(new WebSocketClosed());
        }
        endGiven = true;
        message = end;
      }
      if (message == null) {
        CompletableFuture<Message> coming = new CompletableFuture<>();
        waiter = coming;
        return coming;
      }
    } finally {
      lock.unlock();
    }
    if (wasFull) {
      transport.wake();
    }
    return CompletableFuture.completedFuture(message);
  }

  /** Sends a text message; as {@link #sendBinary}. */
  public CompletionStage<Void> sendText(String text) {
    return send(Frames.TEXT, ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  /**
   * Sends a binary message, after those before it.
   *
   * @return completes when the connection has room for the next; fails with {@link WebSocketClosed}
   */
  public CompletionStage<Void> sendBinary(ByteBuffer bytes) {
    return send(Frames.BINARY, bytes);
  }

  private CompletionStage<Void> send(int opcode, ByteBuffer bytes) {
    if (over()) {
      return CompletableFuture.failedFuture(new WebSocketClosed());
    }
    OutFrame frame = OutFrame.message(opcode, bytes, deflates);
    CompletableFuture<Void> stage = frame.stage();
    lock.lock();
    try {
      if (stage == null || ours != null || lost) {
        return CompletableFuture.failedFuture(new WebSocketClosed());
      }
      outgoing.add(frame);
    } finally {
      lock.unlock();
    }
    transport.wake();
    return stage;
  }

  /** Whether as many messages wait for the client as may. */
  boolean crowded() {
    lock.lock();
    try {
      return maxQueue > 0 && outgoing.size() >= maxQueue;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nothing can be sent any more. */
  boolean over() {
    lock.lock();
    try {
      return ours != null || lost;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes, after what was sent before; nothing if it is closed already.
   *
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  public void close(int code, String reason) {
    if (!CloseCode.sendable(code)) {
      throw new IllegalArgumentException("A WebSocket cannot be closed with " + code + ".");
    }
    if (reason.getBytes(UTF_8).length > REASON_SIZE) {
      throw new IllegalArgumentException("The reason of a close is at most 123 bytes.");
    }
    close(State.CLOSING, new Message.Close(code, reason), false);
  }

  /** The app has failed. */
  void appFailed() {
    close(State.CLOSING, new Message.Close(CloseCode.INTERNAL, ""), false);
  }

  // ---- the worker

  /** The worker leaves: closes with 1012. Idempotent. */
  public void leave() {
    close(State.LEAVING, new Message.Close(CloseCode.RESTART, "service restart"), false);
  }

  private void close(State next, Message.Close with, boolean drop) {
    List<OutFrame> dropped = List.of();
    lock.lock();
    try {
      if (ours != null || lost) {
        // The app that closes while the worker leaves receives no more.
        if (state == State.LEAVING && next == State.CLOSING) {
          state = next;
          dropReceived();
        }
        return;
      }
      state = next;
      ours = with;
      if (drop) {
        dropped = new ArrayList<>(outgoing);
        outgoing.clear();
      }
      if (next == State.CLOSING) {
        dropReceived();
      }
      outgoing.add(OutFrame.control(Frames.CLOSE, Frames.closing(with.code(), with.reason())));
    } finally {
      lock.unlock();
    }
    failAll(dropped);
    transport.wake();
  }

  /** Whether bytes should be read, and be given to {@link #feed}. Reading thread. */
  public boolean wantsInput() {
    lock.lock();
    try {
      return !full() && !theirsCame && !lost && state != State.FAILED;
    } finally {
      lock.unlock();
    }
  }

  private boolean full() {
    return (maxQueue > 0 && received.size() >= maxQueue)
        || (maxWaiting > 0 && waiting >= maxWaiting);
  }

  private static long weight(@Nullable Message message) {
    return switch (message) {
      case Message.Text(String text) -> text.length();
      case Message.Binary(ByteBuffer bytes) -> bytes.remaining();
      case Message.Close _ -> 0;
      case null -> 0;
    };
  }

  private void dropReceived() {
    received.clear();
    waiting = 0;
  }

  /** Takes bytes as long as there is room for messages; what is left is to be given again. */
  public void feed(ByteBuffer in) {
    try {
      while (wantsInput()) {
        Inbound came = decoder.next(in);
        if (came == null) {
          return;
        }
        take(came);
      }
    } catch (Violation broken) {
      fail(broken.code(), broken.reason());
    }
  }

  private void take(Inbound came) {
    switch (came) {
      case Inbound.Data(Message message) -> deliver(message);
      case Inbound.Ping(byte[] bytes) -> {
        lock.lock();
        try {
          if (ours == null) {
            // Only the last need be answered (RFC 6455 section 5.5.3), so they cannot pile up.
            if (pongs.size() == PONGS) {
              pongs.remove();
            }
            pongs.add(OutFrame.control(Frames.PONG, ByteBuffer.wrap(bytes)));
          }
        } finally {
          lock.unlock();
        }
        transport.wake();
      }
      case Inbound.Pong(byte[] bytes) -> pings.answered(bytes);
      case Inbound.Closing(int code, String reason) -> closedByClient(code, reason);
    }
  }

  private void deliver(Message message) {
    CompletableFuture<Message> asked;
    lock.lock();
    try {
      if (state == State.CLOSING) {
        return;
      }
      asked = waiter;
      waiter = null;
      if (asked == null) {
        received.add(message);
        waiting += weight(message);
        return;
      }
    } finally {
      lock.unlock();
    }
    asked.complete(message);
  }

  private void closedByClient(int code, String reason) {
    List<OutFrame> dropped = List.of();
    Message.Close last;
    lock.lock();
    try {
      theirsCame = true;
      last = ours == null ? new Message.Close(code, reason) : ours;
      if (ours == null) {
        ours = last;
        state = State.CLOSING;
        dropped = new ArrayList<>(outgoing);
        outgoing.clear();
        outgoing.add(OutFrame.control(Frames.CLOSE, Frames.closing(code, "")));
      }
    } finally {
      lock.unlock();
    }
    failAll(dropped);
    end(last);
    transport.wake();
  }

  /** The client broke the protocol, a limit, or does not answer. */
  private void fail(int code, String reason) {
    Message.Close with = new Message.Close(code, reason);
    close(State.FAILED, with, true);
    lock.lock();
    try {
      state = State.FAILED; // also where a Close was under way already
    } finally {
      lock.unlock();
    }
    end(with);
  }

  private void end(Message.Close last) {
    CompletableFuture<Message> asked;
    Message.Close told;
    lock.lock();
    try {
      if (end == null) {
        end = last;
      }
      told = end;
      asked = waiter;
      waiter = null;
      endGiven |= asked != null;
    } finally {
      lock.unlock();
    }
    if (asked != null) {
      asked.complete(told);
    }
  }

  /**
   * The connection has ended, or the client sends no more: without a Close it is broken. A frame
   * that is being written stays with the writing thread, which alone knows what becomes of it.
   */
  public void lost() {
    List<OutFrame> dropped;
    Message.Close last;
    lock.lock();
    try {
      lost = true;
      last = ours == null ? new Message.Close(CloseCode.ABNORMAL, "") : ours;
      dropped = new ArrayList<>(outgoing);
      outgoing.clear();
    } finally {
      lock.unlock();
    }
    failAll(dropped);
    end(last);
  }

  private static void failAll(List<OutFrame> frames) {
    for (OutFrame frame : frames) {
      CompletableFuture<Void> stage = frame.stage();
      if (stage != null) {
        stage.completeExceptionally(new WebSocketClosed());
      }
    }
  }

  /** Gives back what it holds, when nothing is fed any more. Reading thread. */
  public void release() {
    decoder.close();
  }

  /** The next frame to write, if there is one. Writing thread, which has written those before. */
  public @Nullable OutFrame next() {
    lock.lock();
    try {
      if (closeWritten || lost) {
        return null;
      }
      OutFrame first = pongs.poll();
      if (first == null) {
        first = ping;
        ping = null;
      }
      writing = first == null ? outgoing.poll() : first;
      return writing;
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #next} has a frame. Writing thread. */
  public boolean hasOutput() {
    lock.lock();
    try {
      return !closeWritten && !lost && !(pongs.isEmpty() && ping == null && outgoing.isEmpty());
    } finally {
      lock.unlock();
    }
  }

  /** A frame is written and there is room for the next. Writing thread. */
  public void written(OutFrame frame) {
    lock.lock();
    try {
      writing = null;
      closeWritten |= frame.closing();
    } finally {
      lock.unlock();
    }
    CompletableFuture<Void> stage = frame.stage();
    if (stage != null) {
      stage.complete(null);
    }
    if (frame.closing()) {
      transport.wake();
    }
  }

  /**
   * The frame in hand, if there is one, comes to no end: who waits for it must not wait for ever.
   * Writing thread, when it has written its last.
   */
  public void unwritten() {
    OutFrame half;
    lock.lock();
    try {
      half = writing;
      writing = null;
    } finally {
      lock.unlock();
    }
    if (half != null) {
      failAll(List.of(half));
    }
  }

  /** How the connection is to end. */
  public enum Ending {
    /** Not now. */
    NOT_YET,
    /** Both sides have closed: at once, after what was written. */
    CLOSED,
    /** The client broke the protocol: after it had a chance to read why. */
    FAILED,
    /** The client has gone, or its time is over: at once. */
    CUT
  }

  /** Looked at when there is nothing left to write. */
  public Ending ending() {
    lock.lock();
    try {
      if (lost) {
        return Ending.CUT;
      }
      if (!closeWritten) {
        return Ending.NOT_YET;
      }
      return state == State.FAILED ? Ending.FAILED : theirsCame ? Ending.CLOSED : Ending.NOT_YET;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Looks at the time limits. Reading thread, several times a second or after {@link #untilTick}.
   *
   * @param now in nanoseconds of a clock that the worker chooses and keeps to
   */
  public void tick(long now) {
    boolean late;
    boolean unclosed;
    boolean silent = false;
    boolean due = false;
    boolean reading = wantsInput();
    lock.lock();
    try {
      if (ours != null && closeDeadline == NONE && closeNanos > 0) {
        closeDeadline = now + closeNanos;
      }
      late = closeDeadline != NONE && now - closeDeadline >= 0;
      unclosed = late && !lost && !theirsCame && state != State.FAILED;
      if (ours == null && !lost) {
        due = pings.due(now, reading);
        if (due) {
          ping = OutFrame.control(Frames.PING, pings.payload(now));
        }
        silent = pings.overdue(now);
      }
    } finally {
      lock.unlock();
    }
    if (unclosed) {
      transport.late(Limit.CLOSE);
    }
    if (late) {
      lost();
    } else if (silent) {
      transport.late(Limit.PONG);
      fail(CloseCode.INTERNAL, "no pong in time");
    }
    if (late || silent || due) {
      transport.wake();
    }
  }

  /** How long after {@code now} the next {@link #tick} has something to do; at least 1 ms. */
  public Duration untilTick(long now) {
    lock.lock();
    try {
      long left;
      if (ours == null) {
        left = pings.next(now);
      } else if (closeNanos == 0) {
        left = Pings.NEVER;
      } else {
        left = closeDeadline == NONE ? 0 : closeDeadline - now;
      }
      return Duration.ofNanos(Math.max(1_000_000, left));
    } finally {
      lock.unlock();
    }
  }
}
