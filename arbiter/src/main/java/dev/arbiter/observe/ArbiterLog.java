package dev.arbiter.observe;

import dev.arbiter.worker.LogText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.status.StatusLogger;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter's own voice: {@code [time] [pid] [LEVEL] text}, unless its {@link LogPlan} says
 * otherwise. Whatever is in a text, only a record of this log begins at the beginning of a line
 * ({@link LogText}). Any thread may log and none waits: a bounded queue stands before Log4j, and a
 * thread of its own, which may be stuck behind a terminal that was stopped or a pipe nobody reads.
 * What finds no room is counted and reported when there is some again.
 */
public final class ArbiterLog {
  private static final int QUEUE = 8192;
  private static final String LOGGER = "arbiter";

  private sealed interface Entry {
    record Line(Level level, String text, long wallMillis) implements Entry {}

    record Reopen() implements Entry {}

    record End(CountDownLatch reached) implements Entry {}
  }

  private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE);

  /** How long the end of the arbiter waits for a daemon that is slow. */
  private static final long SYSLOG_MILLIS = 200;

  private final AtomicLong dropped = new AtomicLong();
  private final LogPlan plan;
  private final boolean raw;
  private final Level threshold;
  private final @Nullable SyslogTarget syslog;
  private volatile boolean echo;

  /**
   * Opens the log.
   *
   * @throws IOException the file cannot be written, or the configuration is wrong
   */
  public ArbiterLog(LogPlan plan) throws IOException {
    LogTarget configured = null;
    if (plan.configuration().isPresent()) {
      configured = ConfiguredTarget.open(plan.configuration().get());
    } else if (plan.file().isPresent()) {
      Files.newOutputStream(plan.file().get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)
          .close();
    }
    this.plan = plan;
    this.raw =
        plan.json()
            && plan.configuration().isEmpty(); // a configuration's layout may escape nothing
    this.threshold = configured == null ? LogTarget.level(plan.level()) : Level.ALL;
    this.syslog =
        plan.syslog()
            .map(daemon -> new SyslogTarget(daemon, LogTarget.level(plan.level()), this::warning))
            .orElse(null);
    LogTarget first = configured;
    Thread.ofPlatform().daemon().name("arbiter-log").start(() -> write(first));
  }

  /** Logs a line, or several; never waits. */
  public void log(String level, String text) {
    put(level, raw ? text : LogText.record(text)); // JSON has escapes of its own
  }

  /** Logs a line that a worker has printed, which may be coloured; never waits. */
  public void printed(String level, String line) {
    put(level, raw ? line : LogText.printed(line));
  }

  private void put(String level, String text) {
    Level wanted = LogTarget.level(level);
    if (echo && wanted.isMoreSpecificThan(Level.ERROR)) {
      System.err.println("arbiter: " + (raw ? LogText.record(text) : text));
    }
    if (wanted.isMoreSpecificThan(threshold)
        && !queue.offer(new Entry.Line(wanted, text, System.currentTimeMillis()))) {
      dropped.incrementAndGet();
    }
  }

  public void info(String text) {
    log("info", text);
  }

  public void warning(String text) {
    log("warning", text);
  }

  public void error(String text) {
    log("error", text);
  }

  /** Whether errors are printed as well, for somebody who waits and does not see the file. */
  public void echo(boolean on) {
    echo = on && (plan.file().isPresent() || plan.configuration().isPresent());
  }

  /** Opens the file again, after what was logged before (USR1). */
  public void reopen() {
    if (!queue.offer(new Entry.Reopen())) {
      dropped.incrementAndGet();
    }
  }

  /** Waits until all that was logged has been written, at most {@code millis}. */
  public void flush(long millis) {
    CountDownLatch reached = new CountDownLatch(1);
    if (queue.offer(new Entry.End(reached))) {
      try {
        boolean written = reached.await(millis, TimeUnit.MILLISECONDS);
        if (written && syslog != null) {
          syslog.flush(Math.min(millis, SYSLOG_MILLIS));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void write(@Nullable LogTarget configured) {
    // Log4j's own complaints would go to the very stream that may be stuck.
    StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
    LogTarget target = configured == null ? LogTarget.of(plan) : configured;
    try {
      while (true) {
        target = write(queue.take(), target);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes one entry; a disk that is full or a pipe that was closed costs lines, never the log. */
  private LogTarget write(Entry entry, LogTarget target) {
    try {
      switch (entry) {
        case Entry.Line line -> {
          long lost = dropped.getAndSet(0);
          if (lost > 0) {
            target.append(
                event(Level.WARN, lost + " lines of this log were lost: nobody took them", now()));
          }
          LogEvent event = event(line.level(), line.text(), line.wallMillis());
          if (syslog != null) {
            syslog.append(
                raw ? event(line.level(), LogText.record(line.text()), line.wallMillis()) : event);
          }
          target.append(event);
        }
        case Entry.Reopen _ -> {
          return openAgain(target);
        }
        case Entry.End end -> end.reached().countDown();
      }
    } catch (RuntimeException e) {
      dropped.incrementAndGet();
      return plan.file().isPresent() ? openAgain(target) : target;
    }
    return target;
  }

  private LogTarget openAgain(LogTarget old) {
    try {
      return old.again();
    } catch (RuntimeException e) {
      dropped.incrementAndGet();
      return old; // the next line tries again
    }
  }

  private static long now() {
    return System.currentTimeMillis();
  }

  static LogEvent event(Level level, String text, long wallMillis) {
    return Log4jLogEvent.newBuilder()
        .setLoggerName(LOGGER)
        .setLevel(level)
        .setMessage(new SimpleMessage(text))
        .setTimeMillis(wallMillis)
        .setThreadName("arbiter")
        .build();
  }
}
