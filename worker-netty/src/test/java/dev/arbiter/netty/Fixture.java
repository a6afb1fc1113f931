package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.Host;
import dev.arbiter.http.LoadedApp;
import dev.arbiter.http.RawClient;
import dev.arbiter.netty.H2Gateway.Leaving;
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
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A netty worker without an arbiter: a listener of its own, whose connections are accepted by
 * descriptor, as the runtime accepts them. One event loop, unless told otherwise.
 */
final class Fixture implements AutoCloseable {
  private static final int NONBLOCK_CLOEXEC = 0x80800;
  private static final MethodHandle ACCEPT4 = accept4();

  final FixtureContext context;
  final NettyWorker worker;
  final AtomicInteger open = new AtomicInteger();

  /** What was under way whenever a connection was said to have ended. */
  final Queue<String> inFlightAtEnds = new ConcurrentLinkedQueue<>();

  final AtomicInteger taken = new AtomicInteger();
  private final ServerSocketChannel listener;
  private final boolean unix;
  private final @Nullable Leaving http2;
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  private Fixture(App app, @Nullable Path unixPath, @Nullable Leaving http2, String... settings)
      throws Exception {
    this.http2 = http2;
    Map<String, String> map = new HashMap<>();
    map.put("h2c", http2 == null ? "off" : "prior-knowledge");
    map.put("access-log", "false");
    map.put("threads", "1");
    map.put("loop", System.getProperty("loop", "auto")); // all of it with nio: -Dloop=nio
    for (int i = 0; i < settings.length; i += 2) {
      map.put(settings[i], settings[i + 1]);
    }
    context = new FixtureContext(map);
    worker = new NettyWorker(new LoadedApp(app, Fixture.class.getClassLoader(), "test app"));
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

  static Fixture serving(App app, String... settings) throws Exception {
    return new Fixture(app, null, null, settings);
  }

  static Fixture servingUnix(App app, Path path, String... settings) throws Exception {
    return new Fixture(app, path, null, settings);
  }

  /** One that is spoken to in HTTP/2, on a Unix socket or else TCP. */
  static Fixture servingHttp2(App app, @Nullable Path unix, String... settings) throws Exception {
    return new Fixture(app, unix, Leaving.RESETS, settings);
  }

  /** For the tests that all kinds share. */
  static Host host(App app, String... settings) throws Exception {
    return host(serving(app, settings));
  }

  /** The same, over HTTP/2. */
  static Host http2Host(App app, String... settings) throws Exception {
    return http2Host(Leaving.RESETS, app, settings);
  }

  /** The same, with clients that leave in this way. */
  static Host http2Host(Leaving leaving, App app, String... settings) throws Exception {
    return host(new Fixture(app, null, leaving, settings));
  }

  private static Host host(Fixture fixture) {
    return new Host() {
      @Override
      public RawClient connect() throws IOException {
        return fixture.client();
      }

      @Override
      public boolean said(String text) {
        return fixture.said(text);
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

  /** A client that speaks HTTP/1.1: to the worker, or to a gateway if that speaks HTTP/2. */
  RawClient client() throws IOException {
    return http2 == null ? connect() : H2Gateway.to(this, http2, failures);
  }

  /** A client whose connection the worker has been given. */
  RawClient connect() throws IOException {
    SocketChannel channel =
        SocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
    channel.connect(listener.getLocalAddress());
    serveNext();
    return new RawClient(channel);
  }

  int port() throws IOException {
    return ((InetSocketAddress) listener.getLocalAddress()).getPort();
  }

  /** Accepts one connection and gives it to the worker. */
  void serveNext() throws IOException {
    serveNext(this);
  }

  /** Accepts one connection and gives it to the worker of {@code other}. */
  void serveNext(Fixture other) throws IOException {
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
    other.open.incrementAndGet();
    other.worker.serve(other.new Given(fd));
  }

  void drain(Duration linger) {
    worker.drain(new DrainOrder("stop", Duration.ofSeconds(30), linger));
  }

  /** Whether something was said that contains {@code text}. */
  boolean said(String text) {
    return context.said.stream().anyMatch(line -> line.contains(text));
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
      drain(Duration.ZERO);
      worker.stop();
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
    if (!failures.isEmpty()) {
      throw new AssertionError("The gateway failed.", failures.peek());
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
    public void taken() {
      taken.incrementAndGet();
    }

    @Override
    public void closed() {
      if (closed.getCount() > 0) {
        closed.countDown();
        inFlightAtEnds.addAll(worker.inFlight());
        open.decrementAndGet();
      }
    }
  }

  /** Waits for a condition that another thread brings about. */
  static void await(BooleanSupplier condition) {
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
