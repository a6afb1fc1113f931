package app;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** The faults that take a whole worker along, each on the thread that asks for it. */
final class Faults {
  private static final int POOL = 4;
  private static final int MEGABYTE = 1 << 20;

  private final Object money = new Object();
  private final Object goods = new Object();
  private final CountDownLatch both = new CountDownLatch(2);
  private final List<Object> kept = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger poolThread = new AtomicInteger();
  private final ExecutorService pool =
      Executors.newFixedThreadPool(
          POOL,
          task ->
              Thread.ofPlatform()
                  .daemon()
                  .name("database-" + poolThread.incrementAndGet())
                  .unstarted(task));

  /** This thread and another take two locks in opposite order. */
  void deadlock() {
    Thread.ofPlatform().daemon().name("shipping").start(() -> lockInOrder(goods, money));
    lockInOrder(money, goods);
  }

  private void lockInOrder(Object first, Object second) {
    synchronized (first) {
      both.countDown();
      await(both);
      synchronized (second) {
        throw new AssertionError("no deadlock");
      }
    }
  }

  /** Every thread of a pool waits for what never comes, and this one waits for the pool. */
  void waitForTheFullPool() {
    for (int i = 0; i < POOL; i++) {
      pool.submit(Faults::waitForTheDatabase);
    }
    Future<?> answer = pool.submit(() -> {});
    try {
      answer.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void waitForTheDatabase() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads a pipe that nobody writes to: no interrupt reaches a read(2). */
  void hangInNativeCode() {
    try {
      Path pipe = Files.createTempDirectory("faulty").resolve("pipe");
      new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor();
      try (RandomAccessFile file = new RandomAccessFile(pipe.toFile(), "rw")) {
        Files.delete(pipe);
        Files.delete(pipe.resolveSibling(""));
        file.read();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes where no memory is: the JVM dies with SIGSEGV. */
  @SuppressWarnings("restricted")
  void crashTheJvm() {
    MemorySegment.ofAddress(8).reinterpret(8).set(ValueLayout.JAVA_LONG, 0, 42);
  }

  /** This class again and again, each time for another loader. */
  void fillMetaspace(long count) {
    byte[] bytes;
    try (InputStream in = Faults.class.getResourceAsStream("Faults.class")) {
      bytes = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (long i = 0; i < count; i++) {
      kept.add(new OneClass(bytes).define());
    }
  }

  /** Direct buffers, which have a limit beside the heap's. */
  void exhaustDirectMemory(long megabytes) {
    for (long mb = 0; mb < megabytes; mb += 16) {
      kept.add(ByteBuffer.allocateDirect(16 * MEGABYTE));
    }
  }

  /**
   * Keeps so much in small objects that a full collection takes seconds, and asks for one after the
   * other. They lie in no order, so that following them misses every cache.
   */
  void collectForEver(long megabytes) {
    Thread.ofPlatform()
        .daemon()
        .name("garbage")
        .start(
            () -> {
              fill(megabytes);
              while (true) {
                System.gc();
              }
            });
  }

  private void fill(long megabytes) {
    int count = Math.toIntExact(megabytes * MEGABYTE / Node.BYTES);
    Node[] nodes = new Node[count];
    for (int i = 0; i < count; i++) {
      nodes[i] = new Node();
    }
    Random random = new Random(1);
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i);
      Node node = nodes[i];
      nodes[i] = nodes[other];
      nodes[other] = node;
      nodes[i].next = i + 1 < count ? nodes[i + 1] : null;
    }
    kept.add(nodes);
  }

  private static final class Node {
    /** Itself, and its place in the array. */
    private static final int BYTES = 20;

    private Node next;
  }

  private static final class OneClass extends ClassLoader {
    private final byte[] bytes;

    OneClass(byte[] bytes) {
      super(null);
      this.bytes = bytes;
    }

    Class<?> define() {
      return defineClass("app.Faults", bytes, 0, bytes.length);
    }
  }
}
