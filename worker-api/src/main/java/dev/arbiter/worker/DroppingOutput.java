package dev.arbiter.worker;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands in for {@code System.out} and {@code System.err}: a bounded buffer and one thread that
 * writes it. When the arbiter does not read, output is dropped and counted, and no request waits in
 * {@code println}. Until the worker is ready nobody waits for an answer: there {@code println}
 * returns when the line is written, so that not even {@code Runtime.halt} loses why a boot failed.
 */
final class DroppingOutput extends OutputStream {
  private static final int LIMIT = 256 * 1024;

  /** Longest wait for a stream's reader at {@code System.exit}. */
  private static final long LAST_MILLIS = 500;

  private static volatile List<DroppingOutput> installed = List.of();

  private static volatile boolean booting;

  private final FileOutputStream target;
  private final AtomicLong dropped;
  private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();
  private int size;
  private boolean writing;
  private boolean broken;

  private DroppingOutput(FileDescriptor fd, String name, AtomicLong dropped) {
    this.target = new FileOutputStream(fd);
    this.dropped = dropped;
    Thread.ofPlatform().daemon().name("arbiter-" + name).start(this::pump);
  }

  /** Replaces both streams of this process. */
  static DroppingOutput[] install(AtomicLong dropped) {
    DroppingOutput out = new DroppingOutput(FileDescriptor.out, "stdout", dropped);
    DroppingOutput err = new DroppingOutput(FileDescriptor.err, "stderr", dropped);
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    installed = List.of(out, err);
    booting = true;
    // An app that gives up prints why, and calls System.exit: the reason must not be lost with the
    // threads that write it.
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform().name("arbiter-last-words").unstarted(() -> drainAll(LAST_MILLIS)));
    return new DroppingOutput[] {out, err};
  }

  /** Requests are served from now on: nobody waits in {@code println} any more. */
  static void serving() {
    booting = false;
  }

  /** Waits until what was printed has been written, at most {@code millis} for each stream. */
  static void drainAll(long millis) {
    installed.forEach(output -> output.drain(millis));
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) {
    if (size + length > LIMIT) {
      dropped.incrementAndGet();
      return;
    }
    chunks.add(java.util.Arrays.copyOfRange(bytes, offset, offset + length));
    size += length;
    notifyAll();
    if (booting && !drain(LAST_MILLIS) && !Thread.currentThread().isInterrupted()) {
      booting = false; // the arbiter is stopped: a boot that prints much need not wait each time
    }
  }

  /** Waits until everything has been written, at most {@code millis}; whether it has. */
  synchronized boolean drain(long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    try {
      for (long left = millis; !broken && (size > 0 || writing) && left > 0; ) {
        wait(left);
        left = (end - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return size == 0 && !writing;
  }

  private void pump() {
    try {
      while (true) {
        byte[] chunk = next();
        target.write(chunk);
        written();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // The arbiter has gone, and with it the only reader: what follows fills the buffer and is
      // dropped, and the end of the process need not wait for it.
      broken();
    }
  }

  private synchronized void broken() {
    broken = true;
    notifyAll();
  }

  private synchronized byte[] next() throws InterruptedException {
    while (chunks.isEmpty()) {
      wait();
    }
    byte[] chunk = chunks.remove();
    size -= chunk.length;
    writing = true;
    return chunk;
  }

  private synchronized void written() {
    writing = false;
    notifyAll();
  }
}
