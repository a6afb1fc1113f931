package dev.arbiter.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sends events to one client, for as long as it stays; see {@link Response#events}. Each is sent at
 * once, and sending blocks while the client is slow. Any thread may send.
 *
 * <p>While nothing is sent, a comment goes out now and then: it keeps proxies from closing the
 * connection, and is how it is noticed that the client has gone. Then the thread that runs the
 * {@link Writer} is interrupted, so that it need not wait for its next event to learn of it.
 */
public final class EventStream {

  /** Sends the events of one stream. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Sends events until there are no more, or the client has gone. On the request's thread.
     *
     * @param events where to send them; no longer than this method runs
     * @throws IOException the client has gone, or the app failed
     * @throws InterruptedException the client has gone
     */
    void writeTo(EventStream events) throws IOException, InterruptedException;
  }

  private static final byte[] PING = ":\n\n".getBytes(UTF_8);

  private final OutputStream out;
  private final Thread writing = Thread.currentThread();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition over = lock.newCondition();
  private long lastSent = System.nanoTime();
  private boolean ended;
  private volatile @Nullable IOException gone;

  private EventStream(OutputStream out) {
    this.out = out;
  }

  /** Runs {@code writer} and, beside it, what pings. */
  static void run(Writer writer, Duration ping, OutputStream out) throws IOException {
    EventStream events = new EventStream(out);
    out.flush(); // the page learns that the stream is open before there is an event
    if (ping.isPositive()) {
      Thread.ofVirtual().name("event-pings").start(() -> events.ping(ping.toNanos()));
    }
    try {
      writer.writeTo(events);
    } catch (IOException failed) {
      throw events.reason(failed);
    } catch (InterruptedException interrupted) {
      IOException reason = new InterruptedIOException("interrupted while it waited for an event");
      reason.initCause(interrupted);
      throw events.reason(reason);
    } catch (RuntimeException failed) {
      IOException first = events.gone;
      if (first == null) {
        throw failed;
      }
      first.addSuppressed(failed); // what the interrupt has led to
      throw first;
    } finally {
      events.end();
    }
  }

  /** The failure that came first: what follows from it says less. */
  private IOException reason(IOException failed) {
    IOException first = gone;
    return first == null ? failed : first;
  }

  /**
   * Sends an event that has only data.
   *
   * @param data of any number of lines
   * @throws IOException the client has gone
   */
  public void send(String data) throws IOException {
    send(ServerEvent.of(data));
  }

  /**
   * Sends an event.
   *
   * @param event sent at once
   * @throws IOException the client has gone
   */
  public void send(ServerEvent event) throws IOException {
    write(event.text().getBytes(UTF_8));
  }

  /**
   * Sends a comment, which the page does not see.
   *
   * @param text of any number of lines
   * @throws IOException the client has gone
   */
  public void comment(String text) throws IOException {
    write((": " + text.replaceAll("\r\n|\r|\n", "\n: ") + "\n\n").getBytes(UTF_8));
  }

  /** {@return whether the client was still there when something was last sent} */
  public boolean isOpen() {
    return gone == null;
  }

  private void write(byte[] bytes) throws IOException {
    lock.lock();
    try {
      IOException reason = gone;
      if (reason != null) {
        throw reason;
      }
      try {
        out.write(bytes);
        out.flush();
        lastSent = System.nanoTime();
      } catch (IOException failed) {
        gone = failed;
        throw failed;
      }
    } finally {
      lock.unlock();
    }
  }

  private void ping(long every) {
    lock.lock();
    try {
      while (!ended && gone == null) {
        long wait = lastSent + every - System.nanoTime();
        if (wait > 0) {
          long _ = over.awaitNanos(wait);
        } else {
          write(PING);
        }
      }
    } catch (IOException _) {
      writing.interrupt(); // under the lock, so never after the end
    } catch (InterruptedException _) {
      // Nobody interrupts this thread; without it there are no pings.
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      over.signalAll();
    } finally {
      lock.unlock();
    }
    if (gone != null) {
      boolean _ = Thread.interrupted(); // it was ours, and the thread has other requests to serve
    }
  }
}
