package dev.arbiter.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.wire.Message;
import dev.arbiter.wire.Wire;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntConsumer;

/**
 * One worker's process, with the arbiter's ends of its pipes. Made and used by the loop; two
 * threads of its own read what it says and what it prints, and end with the process.
 */
public final class WorkerProcess {

  /** Told what a worker's process does; on its reading threads, so it only enqueues. */
  public interface Ear {
    /** A message. */
    void said(int worker, Message.FromWorker message);

    /** What it says cannot be read. */
    void garbled(int worker, String why);

    /** A line it printed. */
    void printed(int worker, String line);

    /** Its messages have ended, as they do when it ends. */
    void silent(int worker);

    /** Its output has ended: no process holds it open any more. */
    void closed(int worker);
  }

  /**
   * Held by a reader from before it takes bytes out of a pipe until they are delivered: who holds
   * it for writing knows that nothing is half taken. Fair, so that a loop that wants it gets it.
   */
  public static final class Gate {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);

    /** Stops all readers between two messages, or answers false if one takes its time. */
    public boolean close(long millis) throws InterruptedException {
      return lock.writeLock().tryLock(millis, TimeUnit.MILLISECONDS);
    }

    /** Lets them go on. */
    public void open() {
      lock.writeLock().unlock();
    }
  }

  /**
   * A worker's process and its pipes, from one arbiter to the next.
   *
   * @param toWorker the descriptor; so are the next two, -1 where the pipe has ended
   * @param message the beginning of a message whose rest has not come, in hex
   * @param line the same of a line it prints
   */
  public record Ends(
      long pid, int toWorker, int fromWorker, int output, String message, String line) {}

  private static final int LONGEST_LINE = 8 * 1024;

  private final Os os;
  private final int worker;
  private final long pid;
  private final int toWorker;
  private final Ear ear;
  private final Gate gate;
  private final Wire.Decoder decoder = Wire.Decoder.fromWorker();
  private final byte[] line = new byte[LONGEST_LINE];
  private int filled;

  // Both change only within the gate.
  private int fromWorker;
  private int output;

  private WorkerProcess(
      Os os, int worker, long pid, int toWorker, int fromWorker, int output, Ear ear, Gate gate) {
    this.os = os;
    this.worker = worker;
    this.pid = pid;
    this.toWorker = toWorker;
    this.fromWorker = fromWorker;
    this.output = output;
    this.ear = ear;
    this.gate = gate;
  }

  /** Takes over a process that another arbiter has started. */
  public static WorkerProcess adopt(Os os, int worker, Ends ends, Ear ear, Gate gate)
      throws IOException {
    WorkerProcess process =
        new WorkerProcess(
            os, worker, ends.pid(), ends.toWorker(), ends.fromWorker(), ends.output(), ear, gate);
    byte[] message = HexFormat.of().parseHex(ends.message());
    try {
      process.decoder.take(message, message.length);
    } catch (Wire.ProtocolException e) {
      throw new IOException(e.getMessage(), e);
    }
    byte[] begun = HexFormat.of().parseHex(ends.line());
    process.filled = Math.min(begun.length, LONGEST_LINE - 1);
    System.arraycopy(begun, 0, process.line, 0, process.filled);
    return process;
  }

  /** What the next arbiter needs; while the gate is closed. */
  public Ends ends() {
    return new Ends(
        pid,
        toWorker,
        fromWorker,
        output,
        HexFormat.of().formatHex(decoder.rest()),
        HexFormat.of().formatHex(line, 0, filled));
  }

  /**
   * Starts a worker's process.
   *
   * @param listeners descriptors of the listening sockets; the first becomes its descriptor 6
   * @throws IOException it could not be started
   */
  public static WorkerProcess start(
      Os os, int worker, Os.Child child, List<Integer> listeners, Ear ear, Gate gate)
      throws IOException {
    List<Os.Pipe> pipes = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        pipes.add(os.pipe());
      }
      Os.Pipe output = pipes.get(0);
      Os.Pipe down = pipes.get(1);
      Os.Pipe up = pipes.get(2);
      List<Integer> descriptors =
          new ArrayList<>(
              List.of(-1, output.writeEnd(), output.writeEnd(), down.readEnd(), up.writeEnd(), 1));
      descriptors.addAll(listeners);
      Kernel.nonBlocking(down.writeEnd(), true);
      long pid = os.spawn(new Os.Child(child.command(), child.environment(), descriptors));
      os.close(output.writeEnd());
      os.close(down.readEnd());
      os.close(up.writeEnd());
      return new WorkerProcess(
          os, worker, pid, down.writeEnd(), up.readEnd(), output.readEnd(), ear, gate);
    } catch (IOException e) {
      for (Os.Pipe pipe : pipes) {
        os.close(pipe.readEnd());
        os.close(pipe.writeEnd());
      }
      throw e;
    }
  }

  /** Begins to read what it says and prints; once, when its ear knows it. */
  public void listen() {
    if (fromWorker < 0) {
      ear.silent(worker);
    } else {
      start("messages", fromWorker, this::takeMessages, this::messagesEnd, ear::silent);
    }
    if (output < 0) {
      ear.closed(worker);
    } else {
      start("output", output, this::takeOutput, this::outputEnds, ear::closed);
    }
  }

  /** Its pid: its own until the loop has reaped it. */
  public long pid() {
    return pid;
  }

  /**
   * Sends a message without waiting.
   *
   * @return false if the worker does not read, so that its pipe is full, or has gone
   */
  public boolean tell(Message.ToWorker message) {
    return os.writeNow(toWorker, Wire.encode(message));
  }

  /** Closes what the loop holds of it. After it was reaped. */
  public void forget() {
    os.close(toWorker);
  }

  /** Takes some bytes of a pipe; false at its end. */
  @FunctionalInterface
  private interface Reading {
    boolean take(int fd, byte[] buffer) throws IOException;
  }

  private void start(String what, int fd, Reading reading, Runnable end, IntConsumer told) {
    Thread.ofPlatform()
        .daemon()
        .name("worker-" + worker + "-" + what)
        .start(
            () -> {
              try {
                read(fd, reading, end);
              } catch (IOException e) {
                ear.garbled(worker, "its " + what + " cannot be read: " + e.getMessage());
              }
              told.accept(worker);
            });
  }

  private void read(int fd, Reading reading, Runnable end) throws IOException {
    byte[] buffer = new byte[Wire.MAX_FROM_WORKER];
    for (boolean open = true; open; ) {
      boolean waited = os.awaitReadable(fd, -1); // outside of the gate: it takes nothing
      gate.lock.readLock().lock();
      open = false;
      try {
        open = !waited || reading.take(fd, buffer);
      } finally {
        if (!open) {
          end.run();
        }
        gate.lock.readLock().unlock();
      }
    }
  }

  private void messagesEnd() {
    os.close(fromWorker);
    fromWorker = -1;
  }

  private void outputEnds() {
    if (filled > 0) {
      ear.printed(worker, new String(line, 0, filled, UTF_8));
      filled = 0;
    }
    os.close(output);
    output = -1;
  }

  private boolean takeMessages(int fd, byte[] buffer) throws IOException {
    int count = os.read(fd, buffer);
    try {
      for (Message message : decoder.take(buffer, Math.max(0, count))) {
        if (message instanceof Message.FromWorker from) {
          ear.said(worker, from);
        }
      }
    } catch (Wire.ProtocolException e) {
      throw new IOException(e.getMessage(), e);
    }
    return count > 0;
  }

  private boolean takeOutput(int fd, byte[] buffer) throws IOException {
    int count = os.read(fd, buffer);
    for (int i = 0; i < count; i++) {
      if (buffer[i] != '\n') {
        line[filled++] = buffer[i];
      }
      if (buffer[i] == '\n' || filled == line.length) {
        ear.printed(worker, new String(line, 0, filled, UTF_8));
        filled = 0;
      }
    }
    return count > 0;
  }
}
