package dev.arbiter.tests;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Many clients at once, each on a virtual thread, which classify the outcome of every request.
 *
 * <p>A keep-alive client asks {@code /pid} first on each new connection, so that a failure can be
 * laid at the door of the worker that held it; it opens a new one after {@code Connection: close}
 * and after a failure. A fresh client opens one for each request.
 */
final class LoadClients implements AutoCloseable {
  enum Outcome {
    SUCCESS,
    RESET,
    REFUSED,
    EOF_BEFORE_RESPONSE,
    TIMEOUT,
    BAD_STATUS,
    BAD_RESPONSE
  }

  /**
   * A request that did not succeed.
   *
   * @param worker that held the connection; 0 if it was not known yet
   * @param localPort the client's; -1 if it was not connected
   * @param millis since the load began
   */
  record Failure(Outcome outcome, long worker, int localPort, long millis, String detail) {}

  /** Opens a connection. */
  @FunctionalInterface
  interface Door {
    RawClient open() throws IOException;
  }

  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);

  private final Door door;
  private final String target;
  private final String sent;
  private final Duration pace;
  private final long start = System.nanoTime();
  private final List<Thread> threads = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final ConcurrentMap<Long, AtomicLong> byWorker = new ConcurrentHashMap<>();
  private final AtomicLong successes = new AtomicLong();
  private final AtomicLong slowestNanos = new AtomicLong();
  private volatile boolean stopping;

  private LoadClients(Door door, String target, String sent, Duration pace) {
    this.door = door;
    this.target = target;
    this.sent = sent;
    this.pace = pace;
  }

  /**
   * Starts clients that each ask for {@code target}, with {@code pace} between two requests.
   *
   * @param keepAlive how many keep their connection
   * @param fresh how many open one for each request
   */
  static LoadClients start(int port, int keepAlive, int fresh, String target, Duration pace)
      throws UnknownHostException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    Door door = () -> RawClient.tcp(address, REQUEST_LIMIT);
    return new LoadClients(door, target, "", pace).start(keepAlive, fresh);
  }

  /**
   * Starts clients that each send {@code sent} to {@code /echo}, and want it back.
   *
   * @param keepAlive how many keep their connection
   * @param fresh how many open one for each request
   */
  static LoadClients posting(Door door, int keepAlive, int fresh, String sent, Duration pace) {
    return new LoadClients(door, "/echo", sent, pace).start(keepAlive, fresh);
  }

  private LoadClients start(int keepAlive, int fresh) {
    for (int i = 0; i < keepAlive; i++) {
      threads.add(Thread.ofVirtual().start(this::keepAlive));
    }
    for (int i = 0; i < fresh; i++) {
      threads.add(Thread.ofVirtual().start(this::fresh));
    }
    return this;
  }

  long successes() {
    return successes.get();
  }

  /** How many requests each worker was seen to answer. */
  Map<Long, Long> byWorker() {
    Map<Long, Long> counts = new HashMap<>();
    byWorker.forEach((worker, count) -> counts.put(worker, count.get()));
    return counts;
  }

  Duration slowest() {
    return Duration.ofNanos(slowestNanos.get());
  }

  List<Failure> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Waits until this many more requests have succeeded: the load is really there. */
  void awaitMore(long requests, Duration limit) throws InterruptedException {
    long goal = successes.get() + requests;
    Await.until(requests + " more answers", limit, () -> successes.get() >= goal);
  }

  /** Lets each client finish its request, and returns what went wrong. */
  List<Failure> stop() throws InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      if (!thread.join(REQUEST_LIMIT.plusSeconds(10))) {
        throw new AssertionError("A client did not finish its request");
      }
    }
    return failures();
  }

  @Override
  public void close() {
    try {
      stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the test has run out of time; its clients see it too
    }
  }

  private void keepAlive() {
    while (!stopping) {
      try (Attempt attempt = new Attempt()) {
        attempt.run("/pid");
        while (!stopping && !attempt.over) {
          rest();
          attempt.run(target);
        }
      }
    }
  }

  private void fresh() {
    while (!stopping) {
      try (Attempt attempt = new Attempt()) {
        attempt.run(target);
      }
      rest();
    }
  }

  private void rest() {
    LockSupport.parkNanos(pace.toNanos());
  }

  /** One connection and the requests on it. */
  private final class Attempt implements AutoCloseable {
    private @Nullable RawClient client;
    private long worker;
    private boolean over;

    void run(String asked) {
      long begin = System.nanoTime();
      try {
        RawClient open = client;
        if (open == null) {
          open = door.open();
          client = open;
        }
        boolean posts = asked.equals(target) && !sent.isEmpty();
        Answer answer = posts ? open.post(target, sent) : open.get(asked);
        if (answer.status() != 200) {
          fail(Outcome.BAD_STATUS, answer.status() + " " + answer.body());
          return;
        }
        if (posts && !answer.body().equals(sent)) {
          fail(Outcome.BAD_RESPONSE, "not what was sent: " + answer.body().length() + " bytes");
          return;
        }
        if (asked.equals("/pid")) {
          worker = answer.number();
          byWorker.computeIfAbsent(worker, pid -> new AtomicLong()).incrementAndGet();
        }
        over = answer.close();
        successes.incrementAndGet();
        slowestNanos.accumulateAndGet(System.nanoTime() - begin, Math::max);
      } catch (IOException e) {
        fail(outcome(e), e.toString());
      }
    }

    private void fail(Outcome outcome, String detail) {
      over = true;
      int port = client == null ? -1 : client.localPort();
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      synchronized (failures) {
        failures.add(new Failure(outcome, worker, port, millis, detail));
      }
      rest();
    }

    @Override
    public void close() {
      try {
        if (client != null) {
          client.close();
        }
      } catch (IOException e) {
        fail(Outcome.BAD_RESPONSE, "closing: " + e);
      }
    }
  }

  private static Outcome outcome(IOException e) {
    return switch (e) {
      case ConnectException refused -> Outcome.REFUSED;
      case SocketTimeoutException slow -> Outcome.TIMEOUT;
      case SocketException reset -> Outcome.RESET;
      case EOFException end -> Outcome.EOF_BEFORE_RESPONSE;
      default -> Outcome.BAD_RESPONSE;
    };
  }
}
