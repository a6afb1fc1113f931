package dev.arbiter.sync;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether the client of one connection has hung up: has ended its side, or lost it. Any thread; as
 * long as its link. Nothing is watched before somebody asks.
 *
 * <p>Design note. Reading would find out, too, but what is read may be the next request's, and a
 * buffer that is full of it hides the end behind it. EPOLLRDHUP (epoll_ctl(2)) tells of the end
 * alone, whatever is still to be read, so it takes an epoll instance beside those of the JDK, which
 * wait for bytes; with a thread of its own, both of them from the first question on. The event
 * names a descriptor, which may be another connection's by then: it is only believed if the
 * descriptor's owner says so too, under the lock without which no watched descriptor is closed.
 */
final class HangUp {
  private final SocketChannel channel;
  private volatile boolean seen;
  private boolean over;
  private @Nullable Switchboard switchboard;
  private @Nullable Runnable told;

  HangUp(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Whether the client has hung up. The first question costs system calls, and those after it none.
   */
  boolean seen() {
    if (!seen) {
      watch();
    }
    return seen;
  }

  /**
   * Runs {@code told} when the client hangs up, at once if it has; on a thread that must not be
   * held up. Replaces what was asked before.
   */
  void tell(Runnable asked) {
    synchronized (this) {
      told = asked;
    }
    if (seen()) {
      tell();
    }
  }

  /** What was asked for is not told any more. */
  synchronized void forget() {
    told = null;
  }

  /** Before the descriptor is closed. */
  synchronized void end() {
    over = true;
    Switchboard now = switchboard;
    if (now != null) {
      now.remove(Epoll.descriptor(channel));
    }
  }

  private synchronized void watch() {
    if (switchboard != null || over) {
      return;
    }
    try {
      Switchboard now = Switchboard.get();
      switchboard = now;
      now.add(Epoll.descriptor(channel), this);
      // What was there before would be told as well, but later.
      seen |= Epoll.ended(channel);
    } catch (IOException _) {
      // The system watches no more descriptors: the next read or write will find out.
    }
  }

  /** The switchboard's thread. */
  private void noticed() throws IOException {
    synchronized (this) {
      if (over || !Epoll.ended(channel)) {
        return;
      }
      seen = true;
    }
    tell();
  }

  private void tell() {
    Runnable asked;
    synchronized (this) {
      asked = told;
      told = null;
    }
    if (asked != null) {
      asked.run();
    }
  }

  /** Waits for all of them. One for the process, as the JDK's own are. */
  private static final class Switchboard implements Runnable {
    private static @Nullable Switchboard only;

    private final Epoll epoll = new Epoll();
    private final Map<Integer, HangUp> watched = new HashMap<>();

    private Switchboard() throws IOException {}

    static synchronized Switchboard get() throws IOException {
      Switchboard now = only;
      if (now == null) {
        now = new Switchboard();
        Thread.ofPlatform().daemon().name("hang-ups").start(now);
        only = now;
      }
      return now;
    }

    synchronized void add(int descriptor, HangUp link) throws IOException {
      watched.put(descriptor, link);
      epoll.watch(descriptor);
    }

    synchronized void remove(int descriptor) {
      watched.remove(descriptor);
      epoll.forget(descriptor);
    }

    private synchronized @Nullable HangUp owner(int descriptor) {
      return watched.get(descriptor);
    }

    @Override
    public void run() {
      while (true) {
        try {
          for (int descriptor : epoll.await()) {
            HangUp link = owner(descriptor);
            if (link != null) {
              link.noticed();
            }
          }
        } catch (IOException _) {
          // Of one connection, which its next read or write will find out.
        }
      }
    }
  }
}
