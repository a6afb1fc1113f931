package dev.arbiter.control;

import dev.arbiter.process.Kernel;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import jnr.enxio.channels.NativeSelectorProvider;
import jnr.enxio.channels.NativeServerSocketChannel;
import jnr.enxio.channels.NativeSocketChannel;

/**
 * The one thread that serves all clients of the arbiter itself, from the first spawn to the
 * arbiter's end. Nothing on it waits but the selector, so a client that is slow, silent or hostile
 * costs a place, of which each service has {@value #PLACES}, for a few seconds. When all are taken,
 * the client that has been at it longest makes room for the next: two hundred connections that say
 * nothing keep nobody out.
 */
final class Switchboard {
  /** Clients of one service at a time. */
  static final int PLACES = 32;

  /** Between two attempts to accept when there are no descriptors left. */
  private static final long PAUSE_MILLIS = 100;

  private final Selector selector;
  private final Consumer<String> warn;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private final Set<Session> sessions = new LinkedHashSet<>();

  /** A listening socket and what is spoken there. */
  private record Entrance(int fd, Service service) {}

  Switchboard(Consumer<String> warn) throws IOException {
    this.warn = warn;
    this.selector = NativeSelectorProvider.getInstance().openSelector();
  }

  /**
   * Serves a listening, non-blocking socket, which stays its owner's to close. Before {@link
   * #start}.
   */
  void listen(int fd, Service service) throws IOException {
    // A copy: the channel closes its descriptor when it is closed, and the owner closes its own.
    NativeServerSocketChannel channel = new NativeServerSocketChannel(Kernel.duplicateAbove(fd, 3));
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_ACCEPT, new Entrance(channel.getFD(), service));
  }

  void start() {
    Thread.ofPlatform().daemon().name("arbiter-control").start(this::run);
  }

  /** Runs {@code task} on the thread, soon. Any thread; never waits. */
  void execute(Runnable task) {
    tasks.add(task);
    // Once until it is heard: a wake-up is a byte in a pipe, and a full pipe would hold up the
    // loop.
    if (!woken.getAndSet(true)) {
      selector.wakeup();
    }
  }

  /** Waits until what was to be sent before is on its way, as far as the clients take it. */
  void flush(long millis) {
    CountDownLatch done = new CountDownLatch(1);
    execute(done::countDown);
    try {
      done.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void forget(Session session) {
    sessions.remove(session);
  }

  /** Says that no more will come; jnr has two kinds of channels for it. */
  void endOutput(ByteChannel channel) throws IOException {
    switch (channel) {
      case SocketChannel unix -> unix.shutdownOutput();
      case NativeSocketChannel any -> any.shutdownOutput();
      default -> {}
    }
  }

  // A fault here must not end the thread: the arbiter would be deaf from then on.
  @SuppressWarnings({"CatchingUnchecked", "InfiniteLoopStatement"})
  private void run() {
    while (true) {
      try {
        turn();
      } catch (IOException | RuntimeException e) {
        warn.accept("A client of the arbiter could not be served: " + e);
        pause();
      }
    }
  }

  private void turn() throws IOException {
    selector.select(untilNext());
    woken.set(false);
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
    Set<SelectionKey> selected = selector.selectedKeys();
    for (SelectionKey key : List.copyOf(selected)) {
      if (key.isValid()) {
        serve(key);
      }
    }
    selected.clear();
    long now = System.nanoTime();
    for (Session session : List.copyOf(sessions)) {
      if (session.deadline() <= now) {
        session.overdue();
      }
    }
  }

  private void serve(SelectionKey key) throws IOException {
    if (key.attachment() instanceof Entrance entrance) {
      accept(entrance);
    } else if (key.attachment() instanceof Session session) {
      try {
        session.ready();
      } catch (IOException gone) {
        session.close();
      }
    }
  }

  private void accept(Entrance entrance) throws IOException {
    int fd;
    try {
      fd = Kernel.accept(entrance.fd());
    } catch (Kernel.ErrnoException e) {
      if (e.errno() != Abi.EAGAIN && e.errno() != Abi.ECONNABORTED) {
        pause(); // out of descriptors or memory: it would be ready again at once
      }
      return; // else the client has gone meanwhile
    }
    Service.Guest<?> guest = entrance.service().welcome(fd);
    AbstractSelectableChannel channel = guest.channel();
    channel.configureBlocking(false);
    Session session =
        new Session(this, entrance.service(), channel.register(selector, 0), System.nanoTime());
    channel.keyFor(selector).attach(session);
    sessions.add(session);
    if (!guest.refusal().isEmpty()) {
      session.send(guest.refusal());
    }
    makeRoom(entrance.service(), session);
  }

  private void makeRoom(Service service, Session newest) {
    List<Session> guests = new ArrayList<>();
    for (Session session : sessions) {
      if (session.service().equals(service)) {
        guests.add(session);
      }
    }
    if (guests.size() <= PLACES) {
      return;
    }
    for (Session session : guests) {
      if (session != newest && !session.isWaiting()) {
        session.close();
        return;
      }
    }
    newest.send(service.full());
  }

  /** Milliseconds to the next deadline, rounded up; 0 means without end, as for the selector. */
  private long untilNext() {
    long next = Long.MAX_VALUE;
    for (Session session : sessions) {
      next = Math.min(next, session.deadline());
    }
    return next == Long.MAX_VALUE
        ? 0
        : Math.max(1, TimeUnit.NANOSECONDS.toMillis(next - System.nanoTime()) + 1);
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
