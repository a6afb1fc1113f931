package dev.arbiter.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.Host;
import dev.arbiter.http.LoadedApp;
import dev.arbiter.http.RawClient;
import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.worker.Connection;
import dev.arbiter.worker.DrainOrder;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A sync worker without an arbiter: a listener of its own, whose connections are accepted by
 * descriptor, as the runtime accepts them.
 */
final class Fixture implements AutoCloseable {
  private static final int NONBLOCK_CLOEXEC = 0x80800;
  private static final MethodHandle ACCEPT4 = accept4();

  final FixtureContext context;
  final SyncWorker worker;
  final AtomicInteger open = new AtomicInteger();
  private final ServerSocketChannel listener;
  private final boolean unix;

  private Fixture(App app, @Nullable Path unixPath, String... settings) throws Exception {
    Map<String, String> map = new HashMap<>();
    map.put("access-log", "false");
    for (int i = 0; i < settings.length; i += 2) {
      map.put(settings[i], settings[i + 1]);
    }
    context = new FixtureContext(map);
    worker = new SyncWorker(new LoadedApp(app, Fixture.class.getClassLoader(), "test app"));
    worker.start(context);
    unix = unixPath != null;
    if (unixPath != null) {
      listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listener.bind(UnixDomainSocketAddress.of(unixPath));
    } else {
      listener = ServerSocketChannel.open();
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
    }
  }

  static Fixture serving(BlockingApp app, String... settings) throws Exception {
    return new Fixture(app, null, settings);
  }

  static Fixture servingAsync(AsyncApp app, String... settings) throws Exception {
    return new Fixture(app, null, settings);
  }

  static Fixture servingUnix(BlockingApp app, Path path, String... settings) throws Exception {
    return new Fixture(app, path, settings);
  }

  /** For the tests that all kinds share. */
  static Host host(App app, String... settings) throws Exception {
    Fixture fixture = new Fixture(app, null, settings);
    return new Host() {
      @Override
      public dev.arbiter.http.RawClient connect() throws IOException {
        return fixture.connectShared();
      }

      @Override
      public boolean said(String text) {
        return fixture.context.said.stream().anyMatch(line -> line.contains(text));
      }

      @Override
      public int inFlight() {
        return fixture.worker.traffic().inFlight();
      }

      @Override
      public int overdue() {
        return fixture.worker.traffic().overdue();
      }

      @Override
      public void leave() {
        fixture.leave();
      }

      @Override
      public void close() {
        fixture.close();
      }
    };
  }

  /** Whatever the contract. */
  static Fixture servingAny(App app, String... settings) throws Exception {
    return new Fixture(app, null, settings);
  }

  /** A connection the worker has been given. */
  SocketChannel channel() throws IOException {
    SocketChannel channel = SocketChannel.open(listener.getLocalAddress());
    serveNext();
    return channel;
  }

  /** A client whose connection the worker has been given. */
  RawClient connect() throws IOException {
    RawClient client = connectUnserved();
    serveNext();
    return client;
  }

  /** The same, with the client that the tests of all kinds share. */
  dev.arbiter.http.RawClient connectShared() throws IOException {
    SocketChannel channel = connectChannel();
    serveNext();
    return new dev.arbiter.http.RawClient(channel);
  }

  /** A client whose connection waits to be accepted. */
  RawClient connectUnserved() throws IOException {
    return new RawClient(connectChannel());
  }

  /** A connection that waits to be accepted. */
  SocketChannel connectChannel() throws IOException {
    SocketAddress address = listener.getLocalAddress();
    SocketChannel channel =
        SocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
    channel.connect(address);
    return channel;
  }

  int port() throws IOException {
    return ((InetSocketAddress) listener.getLocalAddress()).getPort();
  }

  /** Accepts one connection and gives it to the worker; returns when the worker does. */
  void serveNext() throws IOException {
    int fd;
    try {
      Method number = Class.forName("sun.nio.ch.SelChImpl").getMethod("getFDVal");
      number.setAccessible(true);
      fd =
          (int)
              ACCEPT4.invokeExact(
                  (int) number.invoke(listener),
                  MemorySegment.NULL,
                  MemorySegment.NULL,
                  NONBLOCK_CLOEXEC);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
    if (fd < 0) {
      throw new IOException("accept4 failed");
    }
    open.incrementAndGet();
    worker.serve(new Given(fd));
  }

  void drain(Duration linger) {
    worker.drain(new DrainOrder("stop", Duration.ofSeconds(30), linger));
  }

  /** As the worker's runtime. */
  void leave() {
    try {
      drain(Duration.ZERO);
      await(() -> open.get() == 0);
      assertThat(worker.awaitWork(System.nanoTime() + TimeUnit.MINUTES.toNanos(1))).isTrue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
    close();
  }

  @Override
  public void close() {
    try {
      listener.close();
      worker.drain(new DrainOrder("stop", Duration.ofSeconds(30), Duration.ZERO));
      worker.stop();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  private final class Given implements Connection {
    private final int fd;
    private final CountDownLatch closed = new CountDownLatch(1);

    Given(int fd) {
      this.fd = fd;
    }

    @Override
    public int fd() {
      return fd;
    }

    @Override
    public ListenerInfo listener() {
      return new ListenerInfo(6, "test", unix);
    }

    @Override
    public void taken() {}

    @Override
    public void closed() {
      if (closed.getCount() > 0) {
        closed.countDown();
        open.decrementAndGet();
      }
    }
  }

  /** Waits for a condition that another thread brings about. */
  static void await(java.util.function.BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("It did not come to pass.");
      }
      Thread.onSpinWait();
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle accept4() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("accept4"),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT));
  }
}
