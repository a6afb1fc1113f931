package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.Headers;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.Syslog;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerSettings;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The access log. {@link #record} takes values and never blocks; a thread of its own turns them
 * into lines and writes those. When the reader of the log is slow or stands still, the queue fills
 * and records are dropped and counted: no request ever waits for its log line.
 *
 * <p>Settings: {@code access-log} (a switch; by default on if a file is named), {@code
 * access-logfile} ({@code -}, the default: the arbiter's own standard output, inherited as
 * descriptor 5), {@code access-logformat}; with {@code log-syslog} the lines go to the daemon, too,
 * unless {@code disable-redirect-access-to-syslog}. Lives as long as the worker.
 */
public final class AccessLog {
  /**
   * Without a failure for so long it is well again: a daemon on UDP seems to take every second
   * line.
   */
  private static final long CALM_NANOS = 60_000_000_000L;

  private static final int INHERITED_FD = 5;
  private static final int ROOM = 16 * 1024;

  private final WorkerContext context;
  private final @Nullable Writer writer;

  private AccessLog(WorkerContext context, @Nullable Writer writer) {
    this.context = context;
    this.writer = writer;
  }

  /**
   * Opens the log the settings ask for.
   *
   * @throws BootFailure the file cannot be opened
   */
  public static AccessLog open(WorkerContext context) throws BootFailure {
    WorkerSettings settings = context.settings();
    String file = settings.text("access-logfile").orElse("-");
    boolean written = settings.flag("access-log", settings.text("access-logfile").isPresent());
    boolean told =
        settings.flag("log-syslog", false)
            && !settings.flag("disable-redirect-access-to-syslog", false);
    if (told) {
      LogSink daemon = new LogSink.Daemon(Syslog.from(settings));
      return written
          ? open(context, file, new LogSink.Descriptor(INHERITED_FD), daemon)
          : open(context, "-", daemon, null);
    }
    return written ? open(context, file, new LogSink.Descriptor(INHERITED_FD)) : off(context);
  }

  /** A log that takes nothing. */
  public static AccessLog off(WorkerContext context) {
    return new AccessLog(context, null);
  }

  static AccessLog open(WorkerContext context, String file, LogSink inherited) throws BootFailure {
    return open(context, file, inherited, null);
  }

  /**
   * Opens a log.
   *
   * @param inherited what {@code -} stands for
   * @param beside takes the same lines
   */
  private static AccessLog open(
      WorkerContext context, String file, LogSink inherited, @Nullable LogSink beside)
      throws BootFailure {
    AccessFormat format =
        AccessFormat.compile(
            context.settings().text("access-logformat").orElse(AccessFormat.DEFAULT));
    Path path = file.equals("-") ? null : Path.of(file);
    LogSink sink;
    context.phase("opening the access log");
    try {
      sink = path == null ? inherited : LogSink.File.open(path);
    } catch (IOException unopened) {
      throw new BootFailure(
          BootFailure.WRONG_SETTING,
          "The access log " + file + " cannot be opened: " + unopened,
          "Check --access-logfile, its folder and the rights of the worker's user.",
          unopened);
    }
    Writer writer = new Writer(context, format, sink, beside, path);
    writer.start();
    return new AccessLog(context, writer);
  }

  /** Whether there is a log: spares its callers making a record when there is none. */
  public boolean on() {
    return writer != null;
  }

  /**
   * Takes a request that has been answered; makes nothing of it where there is no log. Any thread;
   * never blocks.
   *
   * @param head may be one that could not be read, or only in part
   * @param client the other end; null on a Unix socket
   * @param responseHeaders as the app gave them
   * @param bytes of the response's body, as far as it was sent, without its framing
   * @param nanos from the end of the request's head to the last byte of the response
   */
  public void answered(
      IncomingHead head,
      @Nullable SocketAddress client,
      int status,
      Headers responseHeaders,
      long bytes,
      long nanos) {
    if (on()) {
      record(AccessRecord.of(head, client, status, responseHeaders, bytes, nanos));
    }
  }

  void record(AccessRecord entry) {
    if (writer != null) {
      writer.offer(entry);
    }
  }

  /** Opens the file again, after it was renamed. Any thread; returns at once. */
  public void reopen() {
    if (writer != null) {
      writer.reopen();
    }
  }

  /** Records that found the queue full, or could not be written. */
  public long dropped() {
    return writer == null ? 0 : writer.dropped.get();
  }

  /** Writes what is queued, for at most {@code patience}. Records that come later are dropped. */
  public void close(Duration patience) {
    if (writer == null) {
      return;
    }
    try {
      if (!writer.finish(patience)) {
        context.say("warning", "The access log could not be written to its end.");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The thread that formats and writes. */
  private static final class Writer extends Thread {
    private final WorkerContext context;
    private final AccessFormat format;
    private final @Nullable Path path;
    private final ConcurrentLinkedQueue<AccessRecord> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong dropped = new AtomicLong();
    private final StringBuilder line = new StringBuilder(256);
    private final @Nullable LogSink beside;
    private LogSink sink;
    private byte[] batch;
    private int filled;
    private int inBatch;
    private boolean broken;
    private long failedAt;
    private volatile boolean parked;
    private volatile boolean reopen;
    private volatile boolean closing;

    Writer(
        WorkerContext context,
        AccessFormat format,
        LogSink sink,
        @Nullable LogSink beside,
        @Nullable Path path) {
      super("access-log");
      setDaemon(true);
      this.context = context;
      this.format = format;
      this.beside = beside;
      this.sink = both(sink, beside);
      this.path = path;
      batch = new byte[sink.most()];
    }

    private static LogSink both(LogSink sink, @Nullable LogSink beside) {
      return beside == null ? sink : new LogSink.Both(sink, beside);
    }

    void offer(AccessRecord entry) {
      if (closing || queued.get() >= ROOM) {
        dropped.incrementAndGet();
        return;
      }
      queued.incrementAndGet();
      queue.add(entry);
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    void reopen() {
      reopen = true;
      LockSupport.unpark(this);
    }

    boolean finish(Duration patience) throws InterruptedException {
      closing = true;
      LockSupport.unpark(this);
      return join(patience);
    }

    @Override
    public void run() {
      while (true) {
        if (reopen) {
          reopen = false;
          openAgain();
        }
        boolean last = closing;
        drain();
        if (last) {
          break;
        }
        parked = true;
        if (queue.isEmpty() && !reopen && !closing) {
          LockSupport.park(this);
        }
        parked = false;
      }
      try {
        sink.close();
      } catch (IOException failed) {
        context.say("warning", "The access log could not be closed: " + failed);
      }
    }

    private void drain() {
      for (AccessRecord entry = queue.poll(); entry != null; entry = queue.poll()) {
        queued.decrementAndGet();
        add(entry);
      }
      writeBatch();
    }

    private void add(AccessRecord entry) {
      line.setLength(0);
      format.append(line, entry);
      // A longer line could be split by another worker's; what is cut off is some header's tail.
      if (line.length() > batch.length - 1) {
        line.setLength(batch.length - 1);
      }
      line.append('\n');
      byte[] bytes = line.toString().getBytes(ISO_8859_1);
      if (filled + bytes.length > batch.length) {
        writeBatch();
      }
      System.arraycopy(bytes, 0, batch, filled, bytes.length);
      filled += bytes.length;
      inBatch++;
    }

    private void writeBatch() {
      if (filled == 0) {
        return;
      }
      try {
        sink.write(batch, filled);
        if (broken && System.nanoTime() - failedAt > CALM_NANOS) {
          broken = false;
        }
      } catch (IOException failed) {
        dropped.addAndGet(inBatch);
        failedAt = System.nanoTime();
        if (!broken) {
          broken = true;
          context.say("error", "The access log cannot be written: " + failed.getMessage());
        }
      }
      filled = 0;
      inBatch = 0;
    }

    private void openAgain() {
      if (path == null) {
        return;
      }
      try {
        LogSink fresh = LogSink.File.open(path);
        LogSink old = sink;
        sink = both(fresh, beside);
        // The daemon's socket is the same, and opens again.
        old.close();
      } catch (IOException failed) {
        context.say(
            "error",
            "The access log " + path + " cannot be opened again, the old file is kept: " + failed);
      }
    }
  }
}
