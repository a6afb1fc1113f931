package dev.arbiter.http;

import dev.arbiter.worker.LogText;
import dev.arbiter.worker.Traffic;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerSettings;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The book of requests: which are under way, since when and until when, and what was served. One in
 * each worker, for its life.
 *
 * <p>Written on the way of every request and read once a second, so it is kept in stripes, each a
 * list and plain counters under its own lock; a thread keeps to one stripe and hardly ever finds it
 * locked. It can be read while every loop is blocked, because no lock is held longer than a few
 * stores.
 */
public final class RequestBook {
  private static final int STRIPES = 16;

  /** Buckets of 100 microseconds times two to the index; the last takes all that is slower. */
  static final int BUCKETS = 20;

  private static final int SHOWN = 200;
  private static final int SHOWN_TARGET = 200;

  private final Stripe[] stripes = new Stripe[STRIPES];
  private final long limit;
  private final long timeoutNanos;
  private final long maxRequests;
  private final AtomicLong answered = new AtomicLong();
  private final int concurrency;

  /** Requests that apps have, or may have; kept only where there is a limit. */
  private final AtomicInteger underWay = new AtomicInteger();

  private final SeldomLog log;
  private final WorkerContext context;
  private final Background background;

  /**
   * Asks {@code context} for a replacement after {@code max-requests} and a share of the jitter.
   */
  public RequestBook(WorkerSettings settings, WorkerContext context) {
    this.context = context;
    background = new Background(context);
    maxRequests = settings.number("max-requests", 0);
    timeoutNanos = settings.duration("request-timeout", Duration.ZERO).toNanos();
    concurrency = (int) settings.number("limit-concurrency", 0);
    log = new SeldomLog(text -> context.say("warning", text));
    long jitter = settings.number("max-requests-jitter", 0);
    limit =
        maxRequests <= 0
            ? 0
            : maxRequests + (jitter <= 0 ? 0 : ThreadLocalRandom.current().nextLong(jitter + 1));
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Stripe(timeoutNanos > 0);
    }
  }

  /** A book that asks for no replacement: of requests the worker makes to itself. */
  public static RequestBook unlimited(WorkerContext context) {
    return new RequestBook(new WorkerSettings(Map.of()), context);
  }

  /** Who answers a request. */
  @FunctionalInterface
  public interface Owner {
    /**
     * The worker ends before the app has answered: tells the client so, if nothing of an answer was
     * sent yet. Returns at once. Any thread.
     */
    void giveUp();
  }

  /** A request that is under way. */
  public final class Entry {
    private final Stripe stripe;
    private final String method;
    private final String target;
    private final @Nullable SocketAddress client;
    private final long start = System.nanoTime();
    private @Nullable Entry before;
    private @Nullable Entry after;
    private boolean ended;
    private @Nullable Runnable afterwards;
    private boolean told;
    private boolean counted;
    private boolean excess;
    private boolean atWork;
    private boolean outlived;
    private volatile long deadline = start + timeoutNanos;
    private volatile @Nullable Thread thread;
    private volatile @Nullable Owner owner;

    private Entry(Stripe stripe, String method, String target, @Nullable SocketAddress client) {
      this.stripe = stripe;
      this.method = method;
      this.target = target;
      this.client = client;
    }

    /** When it began, by {@link System#nanoTime}. */
    public long start() {
      return start;
    }

    /**
     * Whether it is more than {@code --limit-concurrency} allows, so that no app may see it. It
     * stays in the book until it has been refused.
     */
    public boolean excess() {
      return excess;
    }

    private void left() {
      if (counted) {
        underWay.decrementAndGet();
      }
    }

    /** From here on {@code answering} is who gives it up. */
    public void own(Owner answering) {
      owner = answering;
    }

    /** From here on {@code handler} runs the app for it. */
    public void enter(Thread handler) {
      thread = handler;
    }

    /** No thread runs the app for it any more; the response may still be under way. */
    public void leave() {
      thread = null;
    }

    /** The thread that runs the app for it, if there is one at the moment. */
    @Nullable Thread thread() {
      return thread;
    }

    /**
     * The app is at work for it until {@link #done}, which may be after {@link #end}: its client
     * may have gone, or have its answer. A worker that leaves waits for that.
     */
    public synchronized void begun() {
      atWork = true;
    }

    /** The app has nothing left to do for it. Idempotent; any thread. */
    public void done() {
      synchronized (this) {
        atWork = false;
        if (!outlived) {
          return;
        }
        outlived = false;
      }
      background.done();
    }

    private synchronized void outlive() {
      if (atWork && !outlived) {
        outlived = true;
        background.begun();
      }
    }

    /** It may take this long from now, if that is longer than what it has left. Any thread. */
    void extend(Duration time) {
      long later = System.nanoTime() + time.toNanos();
      synchronized (this) {
        if (later - deadline > 0) {
          deadline = later;
        }
      }
    }

    /**
     * Something to do once it has ended, beside everything else; at once if it has. At most one
     * such call. On a thread of the app, whose class loader it gets.
     */
    public void afterwards(Runnable work) {
      Runnable task = background.task(work);
      if (!stripe.leave(this, task)) {
        background.start(task);
      }
    }

    /** How long it is past its deadline; not positive if it is not, or has none. */
    private long overdue(long now) {
      return timeoutNanos == 0 ? 0 : now - deadline;
    }

    /**
     * The response was written, or will never be. Idempotent.
     *
     * @param status what was answered; 0 if the client left before
     * @return how long it took, in nanoseconds
     */
    public long end(int status, long bytesIn, long bytesOut) {
      long nanos = System.nanoTime() - start;
      outlive();
      if (stripe.remove(this, status, bytesIn, bytesOut, nanos) && limit > 0) {
        long served = answered.incrementAndGet();
        if (served == limit) {
          context.recycle("served " + served + " requests (max-requests " + maxRequests + ")");
        }
      }
      if (afterwards != null) {
        stripe.take(this).ifPresent(background::start);
      }
      return nanos;
    }

    String line(long now) {
      String shown =
          target.length() <= SHOWN_TARGET ? target : target.substring(0, SHOWN_TARGET) + "...";
      StringBuilder line = new StringBuilder();
      line.append(
          String.format(
              "%.3fs %s from %s",
              (now - start) / 1e9, LogText.line(method + " " + shown), clientText(client)));
      long overdue = overdue(now);
      if (overdue > 0) {
        line.append(String.format(", %.3fs past its deadline", overdue / 1e9));
      } else if (timeoutNanos > 0) {
        line.append(String.format(", %.3fs before its deadline", -overdue / 1e9));
      }
      Thread handler = thread;
      if (handler != null) {
        line.append(", on thread #").append(handler.threadId());
      }
      return line.toString();
    }
  }

  private static String clientText(@Nullable SocketAddress client) {
    return client instanceof InetSocketAddress inet
        ? inet.getAddress().getHostAddress() + ":" + inet.getPort()
        : "an unnamed client";
  }

  /**
   * Enters a request whose head is complete.
   *
   * <p>Of {@code --limit-concurrency} it takes a place that is free, or none: those that are
   * refused must not count, or many of them at once would be why the next is refused, while hardly
   * any is under way.
   */
  public Entry begin(String method, String target, @Nullable SocketAddress client) {
    Entry entry = entry(method, target, client);
    if (concurrency > 0) {
      entry.counted = underWay.getAndUpdate(now -> Math.min(now + 1, concurrency)) < concurrency;
      entry.excess = !entry.counted;
    }
    if (entry.excess) {
      log.say(
          concurrency
              + " requests are under way, which is limit-concurrency: what comes beyond them is"
              + " answered with 503.");
    }
    entry.stripe.add(entry);
    return entry;
  }

  /** Enters one that no app will see, whatever the limit. */
  public Entry beginRefused(String method, String target, @Nullable SocketAddress client) {
    Entry entry = entry(method, target, client);
    entry.stripe.add(entry);
    return entry;
  }

  private Entry entry(String method, String target, @Nullable SocketAddress client) {
    // Virtual threads have ever new ids; platform threads keep to their stripe.
    Stripe stripe = stripes[(int) (Thread.currentThread().threadId() & (STRIPES - 1))];
    return new Entry(stripe, method, target, client);
  }

  /**
   * Waits until the app is at work for no request that has ended.
   *
   * @param deadline by {@link System#nanoTime}
   * @return whether it is so; if not, the time is over
   */
  public boolean awaitWork(long deadline) throws InterruptedException {
    return background.awaitNone(deadline);
  }

  /** Gives up every request that is under way. Returns at once. */
  public void giveUp() {
    List<Entry> entries = new ArrayList<>();
    for (Stripe stripe : stripes) {
      stripe.addTo(entries);
    }
    for (Entry entry : entries) {
      Owner answering = entry.owner;
      if (answering != null) {
        answering.giveUp();
      }
    }
  }

  /** How many requests are under way. */
  public int open() {
    int open = 0;
    for (Stripe stripe : stripes) {
      open += stripe.open();
    }
    return open;
  }

  /** What was served so far, and is under way. */
  public Traffic traffic() {
    long now = System.nanoTime();
    Sum sum = new Sum();
    for (Stripe stripe : stripes) {
      stripe.addTo(sum, now);
    }
    return new Traffic(
        sum.done,
        sum.open,
        sum.oldest / 1_000_000,
        sum.bytesIn,
        sum.bytesOut,
        asList(sum.statuses),
        asList(sum.latency),
        0,
        0,
        0,
        sum.overdue,
        sum.overdueBy / 1_000_000);
  }

  private static List<Long> asList(long[] numbers) {
    List<Long> list = new ArrayList<>(numbers.length);
    for (long number : numbers) {
      list.add(number);
    }
    return List.copyOf(list);
  }

  /**
   * The requests that have taken longer than {@code limit}, the oldest first; each only once, by
   * whichever call sees it first.
   */
  List<Entry> newlySlow(Duration limit) {
    long now = System.nanoTime();
    List<Entry> slow = new ArrayList<>();
    for (Stripe stripe : stripes) {
      stripe.addSlow(slow, now - limit.toNanos());
    }
    slow.sort((a, b) -> Long.compare(a.start - now, b.start - now));
    return slow;
  }

  /** One line for each request under way, the oldest first: age, method, target, client. */
  public List<String> inFlight() {
    long now = System.nanoTime();
    List<Entry> entries = new ArrayList<>();
    for (Stripe stripe : stripes) {
      stripe.addTo(entries);
    }
    entries.sort((a, b) -> Long.compare(a.start - now, b.start - now));
    List<String> lines = new ArrayList<>();
    for (Entry entry : entries) {
      if (lines.size() == SHOWN) {
        lines.add("and " + (entries.size() - SHOWN) + " more");
        break;
      }
      lines.add(entry.line(now));
    }
    return lines;
  }

  private static final class Sum {
    private long done;
    private int open;
    private long oldest;
    private int overdue;
    private long overdueBy;
    private long bytesIn;
    private long bytesOut;
    private final long[] statuses = new long[5];
    private final long[] latency = new long[BUCKETS];
  }

  /** A share of the book; every field is guarded by its monitor. */
  private static final class Stripe {
    private @Nullable Entry first;
    private @Nullable Entry last;
    private int open;
    private long done;
    private long bytesIn;
    private long bytesOut;
    private final long[] statuses = new long[5];
    private final long[] latency = new long[BUCKETS];
    private final boolean deadlines;

    Stripe(boolean deadlines) {
      this.deadlines = deadlines;
    }

    synchronized void add(Entry entry) {
      Entry tail = last;
      entry.before = tail;
      if (tail == null) {
        first = entry;
      } else {
        tail.after = entry;
      }
      last = entry;
      open++;
    }

    /** Returns whether a response was given: one that was still under way, with a status. */
    synchronized boolean remove(Entry entry, int status, long in, long out, long nanos) {
      if (entry.ended) {
        return false;
      }
      entry.ended = true;
      entry.left();
      Entry before = entry.before;
      Entry after = entry.after;
      if (before == null) {
        first = after;
      } else {
        before.after = after;
      }
      if (after == null) {
        last = before;
      } else {
        after.before = before;
      }
      open--;
      bytesIn += in;
      bytesOut += out;
      if (status < 100) {
        return false;
      }
      done++;
      statuses[Math.min(status / 100, 5) - 1]++;
      latency[bucket(nanos)]++;
      return true;
    }

    /** Returns whether {@code entry} has not ended yet, and will find {@code task} when it does. */
    synchronized boolean leave(Entry entry, Runnable task) {
      if (!entry.ended) {
        entry.afterwards = task;
      }
      return !entry.ended;
    }

    /** What was left for the end; once. */
    synchronized Optional<Runnable> take(Entry entry) {
      Runnable task = entry.afterwards;
      entry.afterwards = null;
      return Optional.ofNullable(task);
    }

    synchronized int open() {
      return open;
    }

    synchronized void addTo(Sum sum, long now) {
      sum.done += done;
      sum.open += open;
      sum.bytesIn += bytesIn;
      sum.bytesOut += bytesOut;
      for (int i = 0; i < statuses.length; i++) {
        sum.statuses[i] += statuses[i];
      }
      for (int i = 0; i < latency.length; i++) {
        sum.latency[i] += latency[i];
      }
      if (first != null) {
        sum.oldest = Math.max(sum.oldest, now - first.start);
      }
      if (deadlines) {
        for (Entry entry = first; entry != null; entry = entry.after) {
          long by = entry.overdue(now);
          sum.overdue += by > 0 ? 1 : 0;
          sum.overdueBy = Math.max(sum.overdueBy, by);
        }
      }
    }

    /** Those that began before {@code since}; nearly in the order of their beginning. */
    synchronized void addSlow(List<Entry> slow, long since) {
      for (Entry entry = first; entry != null && entry.start - since < 0; entry = entry.after) {
        if (!entry.told) {
          entry.told = true;
          slow.add(entry);
        }
      }
    }

    synchronized void addTo(List<Entry> entries) {
      for (Entry entry = first; entry != null; entry = entry.after) {
        entries.add(entry);
      }
    }
  }

  static int bucket(long nanos) {
    long hundredMicros = Math.ceilDiv(Math.max(nanos, 1), 100_000L);
    return Math.min(BUCKETS - 1, 64 - Long.numberOfLeadingZeros(hundredMicros - 1));
  }
}
