package dev.arbiter.observe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.appender.FileAppender;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.logging.log4j.status.StatusLogger;

/**
 * The arbiter's own voice: {@code [time] [pid] [LEVEL] text}. Any thread may log and none waits: a
 * bounded queue stands before Log4j, and a thread of its own, which may be stuck behind a terminal
 * that was stopped or a pipe nobody reads. What finds no room is counted and reported when there is
 * some again.
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
  private final AtomicLong dropped = new AtomicLong();
  private final Optional<Path> file;
  private final Level threshold;
  private volatile boolean echo;

  /**
   * @param level {@code trace debug info warning error critical}
   * @param file where to write; empty for standard error
   * @throws IOException it cannot be written
   */
  public ArbiterLog(String level, Optional<Path> file) throws IOException {
    if (file.isPresent()) {
      Files.newOutputStream(file.get(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)
          .close();
    }
    this.file = file;
    this.threshold = level(level);
    Thread.ofPlatform().daemon().name("arbiter-log").start(this::write);
  }

  /** Logs a line, or several; never waits. */
  public void log(String level, String text) {
    Level wanted = level(level);
    if (echo && wanted.isMoreSpecificThan(Level.ERROR)) {
      System.err.println("arbiter: " + text);
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
    echo = on && file.isPresent();
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
        reached.await(millis, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Level level(String name) {
    return switch (name) {
      case "warning" -> Level.WARN;
      case "critical" -> Level.FATAL;
      default -> Level.toLevel(name, Level.INFO);
    };
  }

  private void write() {
    // Log4j's own complaints would go to the very stream that may be stuck.
    StatusLogger.getLogger().getFallbackListener().setLevel(Level.OFF);
    Appender appender = open();
    try {
      while (true) {
        appender = write(queue.take(), appender);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes one entry; a disk that is full or a pipe that was closed costs lines, never the log. */
  private Appender write(Entry entry, Appender appender) {
    try {
      switch (entry) {
        case Entry.Line line -> {
          long lost = dropped.getAndSet(0);
          if (lost > 0) {
            appender.append(
                event(Level.WARN, lost + " lines of this log were lost: nobody took them", now()));
          }
          appender.append(event(line.level(), line.text(), line.wallMillis()));
        }
        case Entry.Reopen _ -> {
          return openAgain(appender);
        }
        case Entry.End end -> end.reached().countDown();
      }
    } catch (RuntimeException e) {
      dropped.incrementAndGet();
      return file.isPresent() ? openAgain(appender) : appender;
    }
    return appender;
  }

  /** Log4j shares an open file among appenders of its name: the old one must let it go first. */
  private Appender openAgain(Appender old) {
    old.stop();
    try {
      return open();
    } catch (RuntimeException e) {
      dropped.incrementAndGet();
      return old; // the next line tries again
    }
  }

  private Appender open() {
    PatternLayout layout =
        PatternLayout.newBuilder()
            .setPattern(
                "[%d{yyyy-MM-dd HH:mm:ss Z}] [%pid] [%level{WARN=WARNING, FATAL=CRITICAL}] %msg%n")
            .setCharset(StandardCharsets.UTF_8)
            .setConfiguration(new DefaultConfiguration())
            .build();
    Appender appender =
        file.isPresent()
            ? FileAppender.newBuilder()
                .setName(LOGGER)
                .setLayout(layout)
                .setFileName(file.get().toString())
                .setAppend(true)
                .setIgnoreExceptions(true)
                .build()
            : ConsoleAppender.newBuilder()
                .setName(LOGGER)
                .setLayout(layout)
                .setTarget(ConsoleAppender.Target.SYSTEM_ERR)
                .setDirect(true)
                .setIgnoreExceptions(true)
                .build();
    appender.start();
    return appender;
  }

  private static long now() {
    return System.currentTimeMillis();
  }

  private static LogEvent event(Level level, String text, long wallMillis) {
    return Log4jLogEvent.newBuilder()
        .setLoggerName(LOGGER)
        .setLevel(level)
        .setMessage(new SimpleMessage(text))
        .setTimeMillis(wallMillis)
        .setThreadName("arbiter")
        .build();
  }
}
