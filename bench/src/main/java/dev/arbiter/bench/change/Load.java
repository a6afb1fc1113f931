package dev.arbiter.bench.change;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients that ask for {@code /work} again and again, each on a virtual thread, one request at a
 * time: half of them on a kept connection, half on a new one for each request. Whatever is not the
 * right answer is a failure, refused connections among them; nothing is tried twice.
 */
final class Load implements AutoCloseable {
  /** What the app takes. */
  static final Duration SERVICE = Duration.ofMillis(20);

  /** Of each kind. */
  static final int CLIENTS = 8;

  /** Between an answer and the next request: that of the black-box tests. */
  private static final Duration PACE = Duration.ofMillis(2);

  /** After a failure, lest a client that is refused fills the report alone. */
  private static final Duration PAUSE = Duration.ofMillis(100);

  /**
   * A request that was not answered as it should.
   *
   * @param worker that held the connection; 0 if that is not known
   * @param localPort the client's; 0 if it was not connected
   * @param at in {@link System#nanoTime}
   */
  record Failure(String what, long worker, int localPort, boolean kept, long at) {}

  /**
   * A request, and how long it took: from its beginning, which is before its connect if it has one,
   * to the last byte of its answer, or its failure.
   *
   * @param begin in {@link System#nanoTime}
   */
  record Slow(long nanos, long begin, long worker, boolean kept) {
    static final Slow NONE = new Slow(0, 0, 0, false);

    /** In nanoseconds. */
    long beyond(Duration service) {
      return Math.max(0, nanos - service.toNanos());
    }

    @Override
    public String toString() {
      return "slowest from %.3f on, %s connection of worker %d"
          .formatted(begin / 1e9, kept ? "kept" : "new", worker);
    }
  }

  private final InetSocketAddress address;
  private final Set<String> releases;
  private final List<Thread> threads = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final Map<Long, Long> firstAnswers = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicReference<Slow> slowest = new AtomicReference<>(Slow.NONE);
  private volatile long since = System.nanoTime();
  private volatile boolean stopping;

  private Load(InetSocketAddress address, Set<String> releases) {
    this.address = address;
    this.releases = releases;
  }

  /**
   * @param releases who may answer
   */
  static Load start(InetSocketAddress address, Set<String> releases) {
    Load load = new Load(address, releases);
    for (int i = 0; i < CLIENTS; i++) {
      load.threads.add(Thread.ofVirtual().start(load::keepAlive));
      load.threads.add(Thread.ofVirtual().start(load::fresh));
    }
    return load;
  }

  long answered() {
    return answered.get();
  }

  /** Forgets how long requests took so far. */
  void begin() {
    since = System.nanoTime();
    slowest.set(Slow.NONE);
  }

  /** The request that took longest since {@link #begin}. */
  Slow slowest() {
    return slowest.get();
  }

  /** When this worker's first answer was there. */
  OptionalLong firstAnswer(long worker) {
    Long at = firstAnswers.get(worker);
    return at == null ? OptionalLong.empty() : OptionalLong.of(at);
  }

  List<Failure> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Lets each client finish its request. */
  void stop() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      if (!thread.join(Connection.LIMIT.multipliedBy(3))) {
        throw new IllegalStateException("A client does not come to an end");
      }
    }
  }

  @Override
  public void close() {
    stopping = true;
  }

  private void keepAlive() {
    while (!stopping) {
      Client client = new Client(true);
      while (!stopping && client.ask()) {
        LockSupport.parkNanos(PACE.toNanos());
      }
      client.close();
    }
  }

  private void fresh() {
    while (!stopping) {
      Client client = new Client(false);
      client.ask();
      client.close();
      LockSupport.parkNanos(PACE.toNanos());
    }
  }

  /** One connection, opened for its first request. */
  private final class Client {
    private final boolean kept;
    private @Nullable Connection connection;
    private long worker;

    Client(boolean kept) {
      this.kept = kept;
    }

    /** Whether another request may follow. */
    boolean ask() {
      long begin = System.nanoTime();
      try {
        Connection open = connection;
        if (open == null) {
          open = Connection.open(address);
          connection = open;
        }
        Connection.Answer answer = open.ask("/work", numbers.incrementAndGet(), releases);
        long now = System.nanoTime();
        worker = answer.worker();
        firstAnswers.putIfAbsent(worker, now);
        note(now, begin);
        answered.incrementAndGet();
        return !answer.last();
      } catch (IOException | RuntimeException e) {
        note(System.nanoTime(), begin);
        fail(e, begin);
        return false;
      }
    }

    /** Of a request that was under way at {@link #begin}, only the time since then counts. */
    private void note(long now, long begin) {
      long start = begin - since > 0 ? begin : since;
      slowest.accumulateAndGet(
          new Slow(now - start, begin, worker, kept), (a, b) -> a.nanos >= b.nanos ? a : b);
    }

    private void fail(Exception why, long begin) {
      long now = System.nanoTime();
      String what = "%s after %d ms".formatted(why, TimeUnit.NANOSECONDS.toMillis(now - begin));
      int port = connection == null ? 0 : connection.localPort();
      synchronized (failures) {
        failures.add(new Failure(what, worker, port, kept, now));
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }

    void close() {
      if (connection != null) {
        try {
          connection.close();
        } catch (IOException e) {
          fail(e, System.nanoTime());
        }
      }
    }
  }
}
