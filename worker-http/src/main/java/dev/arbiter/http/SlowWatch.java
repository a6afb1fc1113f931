package dev.arbiter.http;

import dev.arbiter.worker.WorkerContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Reports each request that takes longer than {@code --slow-request-timeout}, once, with the stack
 * of the thread that handles it. Nothing is ended. One daemon thread for the worker's life, and
 * none where the setting is off.
 */
public final class SlowWatch {
  /** In one look; under overload everything is slow, and a stack of each explains no more. */
  private static final int MOST = 10;

  private static final int FRAMES = 30;

  /** Characters, so that the message is not cut in the middle of a frame; see the wire's bound. */
  private static final int LONGEST = 3000;

  private static final Duration LEAST_TICK = Duration.ofMillis(10);
  private static final Duration MOST_TICK = Duration.ofMillis(250);

  private final RequestBook book;
  private final WorkerContext context;
  private final Duration limit;

  private SlowWatch(RequestBook book, WorkerContext context, Duration limit) {
    this.book = book;
    this.context = context;
    this.limit = limit;
  }

  /** Watches, if the settings ask for it. */
  public static void start(RequestBook book, WorkerContext context) {
    Duration limit = context.settings().duration("slow-request-timeout", Duration.ZERO);
    if (!limit.isZero()) {
      SlowWatch watch = new SlowWatch(book, context, limit);
      Thread.ofPlatform().daemon().name("slow-requests").start(watch::run);
    }
  }

  private void run() {
    long tick = Math.clamp(limit.dividedBy(4).toNanos(), LEAST_TICK.toNanos(), MOST_TICK.toNanos());
    while (true) {
      LockSupport.parkNanos(this, tick);
      look();
    }
  }

  private void look() {
    List<RequestBook.Entry> slow = book.newlySlow(limit);
    slow.stream().limit(MOST).forEach(this::report);
    if (slow.size() > MOST) {
      context.say(
          "warning",
          "%d other requests have also taken longer than %d ms"
              .formatted(slow.size() - MOST, limit.toMillis()));
    }
  }

  private void report(RequestBook.Entry entry) {
    long nanos = System.nanoTime() - entry.start();
    String line = entry.line(System.nanoTime());
    context.slow(line, Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(nanos)), stack(entry));
  }

  private static String stack(RequestBook.Entry entry) {
    Thread thread = entry.thread();
    if (thread == null) {
      return "no thread: it waits for the app's own events, for a turn or for the client";
    }
    StackTraceElement[] frames = thread.getStackTrace();
    // It may have gone on to another request meanwhile, whose stack this would be.
    if (!thread.equals(entry.thread()) || frames.length == 0) {
      return "no stack: its thread was done with it at that moment";
    }
    return text(frames);
  }

  /** The app's part: what the worker and the JDK have below it is the same for every request. */
  static String text(StackTraceElement[] frames) {
    int last = frames.length - 1;
    while (last >= 0 && isOurs(frames[last])) {
      last--;
    }
    String text =
        Arrays.stream(frames)
            .limit(last < 0 ? frames.length : last + 1)
            .limit(FRAMES)
            .map(frame -> "at " + frame)
            .collect(Collectors.joining("\n"));
    return text.length() <= LONGEST
        ? text
        : text.substring(0, text.lastIndexOf('\n', LONGEST)) + "\n...";
  }

  private static boolean isOurs(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.startsWith("java.")
        || name.startsWith("jdk.")
        || name.startsWith("sun.")
        || name.startsWith("io.netty.")
        || name.startsWith("dev.arbiter.http.")
        || name.startsWith("dev.arbiter.netty.")
        || name.startsWith("dev.arbiter.sync.");
  }
}
