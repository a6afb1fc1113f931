package dev.arbiter.tests;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Many clients at once, each on a virtual thread, and what they have seen between them: who
 * answered, and everything that went wrong. What a client does, and over which protocol, is a
 * subclass's.
 */
abstract class Load implements AutoCloseable {
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
   * A request that did not succeed, or a connection that did not end as it should.
   *
   * @param worker that held the connection; 0 if it was not known yet
   * @param localPort the client's; -1 if it was not connected
   * @param millis since the load began
   */
  record Failure(Outcome outcome, long worker, int localPort, long millis, String detail) {}

  /** Opens a connection. */
  @FunctionalInterface
  interface Door<C> {
    C open() throws IOException;
  }

  static final Duration REQUEST_LIMIT = Duration.ofSeconds(10);

  private final Duration pace;
  private final long start = System.nanoTime();
  private final List<Thread> threads = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final ConcurrentMap<Long, AtomicLong> byWorker = new ConcurrentHashMap<>();
  private final AtomicLong successes = new AtomicLong();
  private final AtomicLong slowestNanos = new AtomicLong();
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger told = new AtomicInteger();
  private volatile boolean stopping;

  /**
   * @param pace what a client waits between two requests
   */
  Load(Duration pace) {
    this.pace = pace;
  }

  /** Starts so many clients; each must end soon after {@link #stopping}. */
  final void start(int clients, Runnable life) {
    for (int i = 0; i < clients; i++) {
      threads.add(Thread.ofVirtual().start(life));
    }
  }

  final boolean stopping() {
    return stopping;
  }

  final void rest() {
    LockSupport.parkNanos(pace.toNanos());
  }

  /** A client has a connection that serves it, or a WebSocket. */
  final void opens() {
    opened.incrementAndGet();
  }

  /** It has been told that the worker leaves. */
  final void isTold() {
    told.incrementAndGet();
  }

  /** How many connections that serve, or WebSockets, there have been. */
  final int opened() {
    return opened.get();
  }

  /** How many of them ended because the worker left, which their protocol said. */
  final int told() {
    return told.get();
  }

  final void answeredBy(long worker) {
    byWorker.computeIfAbsent(worker, pid -> new AtomicLong()).incrementAndGet();
  }

  /**
   * @param begin of the request, by {@link System#nanoTime}
   */
  final void succeeded(long begin) {
    successes.incrementAndGet();
    slowestNanos.accumulateAndGet(System.nanoTime() - begin, Math::max);
  }

  final void failed(Outcome outcome, long worker, int localPort, String detail) {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    synchronized (failures) {
      failures.add(new Failure(outcome, worker, localPort, millis, detail));
    }
  }

  static Outcome outcome(IOException e) {
    return switch (e) {
      case ConnectException refused -> Outcome.REFUSED;
      case SocketTimeoutException slow -> Outcome.TIMEOUT;
      case SocketException reset -> Outcome.RESET;
      case EOFException end -> Outcome.EOF_BEFORE_RESPONSE;
      default -> Outcome.BAD_RESPONSE;
    };
  }

  final long successes() {
    return successes.get();
  }

  /** How often each worker was seen to answer for its number. */
  final Map<Long, Long> byWorker() {
    Map<Long, Long> counts = new HashMap<>();
    byWorker.forEach((worker, count) -> counts.put(worker, count.get()));
    return counts;
  }

  final Duration slowest() {
    return Duration.ofNanos(slowestNanos.get());
  }

  final List<Failure> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Waits until this many more requests have succeeded: the load is really there. */
  final void awaitMore(long requests, Duration limit) throws InterruptedException {
    long goal = successes.get() + requests;
    Await.until(requests + " more answers", limit, () -> successes.get() >= goal);
  }

  /** Lets each client finish its request, and returns what went wrong. */
  final List<Failure> stop() throws InterruptedException {
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
}
