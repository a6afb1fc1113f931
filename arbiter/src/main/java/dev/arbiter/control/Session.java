package dev.arbiter.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * One client's connection: a request is read, an answer is written, both within limits of size and
 * time, and that is all. On the {@link Switchboard}'s thread, but for {@link #send}.
 */
final class Session {
  /** For a request to arrive whole. */
  private static final long REQUEST_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** For an answer to be taken. */
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(10);

  /**
   * For the client to close, once it has its answer: closing first could cost it the last bytes.
   */
  private static final long FAREWELL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long NEVER = Long.MAX_VALUE;
  private static final int CHUNK = 4096;

  private enum Phase {
    READING,
    WAITING,
    WRITING,
    KEPT,
    LEAVING
  }

  private final Switchboard switchboard;
  private final Service service;
  private final SelectionKey key;
  private final ByteChannel channel;
  private Phase phase = Phase.READING;
  private byte[] request = new byte[0];
  private int length;
  private ByteBuffer answer = ByteBuffer.allocate(0);
  private boolean last;
  private long deadline;

  Session(Switchboard switchboard, Service service, SelectionKey key, long now) {
    this.switchboard = switchboard;
    this.service = service;
    this.key = key;
    this.channel = (ByteChannel) key.channel();
    this.deadline = now + REQUEST_NANOS;
    key.interestOps(SelectionKey.OP_READ);
  }

  Service service() {
    return service;
  }

  /** Nanoseconds after which {@link #overdue} is called; {@link Long#MAX_VALUE} for never. */
  long deadline() {
    return deadline;
  }

  /**
   * Whether it waits for the arbiter and not the other way round: it is not put out to make room.
   */
  boolean isWaiting() {
    return phase == Phase.WAITING || phase == Phase.KEPT;
  }

  /** Answers with {@code text}, which is all. As {@link #send(Supplier, boolean)}. */
  void send(String text) {
    send(() -> text, true);
  }

  /**
   * Answers; any thread, waits for nothing. A client that has gone is not missed.
   *
   * @param text made on the switchboard's thread
   * @param end whether this is all: if not, the connection is kept until the arbiter's own end, or
   *     until a last answer
   */
  void send(Supplier<String> text, boolean end) {
    switchboard.execute(
        () -> {
          boolean first = phase == Phase.READING || phase == Phase.WAITING;
          if (key.isValid() && (first || phase == Phase.KEPT && end)) {
            answer = ByteBuffer.wrap(text.get().getBytes(UTF_8));
            last = end;
            phase = Phase.WRITING;
            deadline = System.nanoTime() + ANSWER_NANOS;
            write();
          }
        });
  }

  /** The channel is ready for something. */
  void ready() throws IOException {
    int ops = key.readyOps();
    if (ops == 0) {
      throw new IOException("the client has gone"); // poll(2) tells of a hang-up unasked
    }
    if ((ops & SelectionKey.OP_READ) != 0) {
      read();
    }
    if (key.isValid() && (ops & SelectionKey.OP_WRITE) != 0) {
      write();
    }
  }

  private void read() throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    int count = channel.read(chunk);
    if (count < 0) {
      if (phase == Phase.READING || phase == Phase.LEAVING || phase == Phase.KEPT) {
        close();
      } else {
        key.interestOps(key.interestOps() & ~SelectionKey.OP_READ); // it may have closed one half
      }
      return;
    }
    if (phase != Phase.READING) {
      return; // one request is all a connection gets: the rest is thrown away
    }
    request = Arrays.copyOf(request, length + count);
    System.arraycopy(chunk.array(), 0, request, length, count);
    length += count;
    if (service.isWhole(request, length)) {
      phase = Phase.WAITING;
      deadline =
          service.patience().isZero() ? NEVER : System.nanoTime() + service.patience().toNanos();
      service.answer(new String(request, 0, length, UTF_8), this);
      request = new byte[0];
    } else if (length >= service.longestRequest()) {
      send(service.complaint("the request is too long"));
    }
  }

  private void write() {
    try {
      channel.write(answer);
    } catch (IOException gone) {
      close();
      return;
    }
    if (answer.hasRemaining()) {
      key.interestOps(key.interestOps() | SelectionKey.OP_WRITE);
    } else if (last) {
      leave();
    } else {
      phase = Phase.KEPT;
      deadline = NEVER;
      key.interestOps(SelectionKey.OP_READ);
    }
  }

  /** Lets the client have the end of the answer before the connection is torn down. */
  private void leave() {
    phase = Phase.LEAVING;
    deadline = System.nanoTime() + FAREWELL_NANOS;
    try {
      switchboard.endOutput(channel);
      key.interestOps(SelectionKey.OP_READ);
    } catch (IOException gone) {
      close();
    }
  }

  /** Its deadline has passed. */
  void overdue() {
    if (phase == Phase.READING) {
      send(service.complaint("no whole request came in time"));
    } else if (phase == Phase.WAITING) {
      send(service.full());
    } else {
      close();
    }
  }

  void close() {
    switchboard.forget(this);
    key.cancel();
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      // nothing is left to do
    }
  }
}
