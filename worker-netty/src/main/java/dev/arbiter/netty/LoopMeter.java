package dev.arbiter.netty;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.concurrent.ThreadAwareExecutor;

/**
 * Measures how long an event loop does not wait for the network: what it reads, what it runs, and
 * the time it is blocked in either. Written by the loop, read by the beat thread.
 *
 * <p>Design note. A loop is a circle: wait, take what has come, run tasks. Netty tells its handler
 * when the waiting begins, by calling {@link #run}, and the handler asks {@link
 * IoHandlerContext#shouldReportActiveIoTime} when it is over; so two readings of the clock in each
 * round tell the share of time that was work. CPU time would miss a loop that is blocked, and a
 * look from outside, once a second, would be a matter of luck.
 */
final class LoopMeter implements IoHandler {
  private static final long WAITING = 0;

  private final IoHandler io;
  private final Context context = new Context();
  private volatile long workedNanos;

  /** Since when the loop works, or {@link #WAITING}. */
  private volatile long awakeSince = WAITING;

  private LoopMeter(IoHandler io) {
    this.io = io;
  }

  /** Makes handlers that are measured, and gives each meter to {@code collector}. */
  static IoHandlerFactory around(IoHandlerFactory factory, Collector collector) {
    return new IoHandlerFactory() {
      @Override
      public IoHandler newHandler(ThreadAwareExecutor executor) {
        LoopMeter meter = new LoopMeter(factory.newHandler(executor));
        collector.add(meter);
        return meter;
      }

      @Override
      public boolean isChangingThreadSupported() {
        return factory.isChangingThreadSupported();
      }
    };
  }

  /** Takes each meter that is made. */
  interface Collector {
    void add(LoopMeter meter);
  }

  /** How long the loop has worked since it was made. Any thread. */
  long workedNanos() {
    long since = awakeSince;
    return workedNanos + (since == WAITING ? 0 : System.nanoTime() - since);
  }

  private void awake() {
    long now = System.nanoTime();
    awakeSince = now == WAITING ? 1 : now;
  }

  private void rest() {
    long since = awakeSince;
    if (since != WAITING) {
      awakeSince = WAITING;
      add(System.nanoTime() - since);
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // the loop alone writes
  private void add(long nanos) {
    workedNanos += nanos;
  }

  @Override
  public int run(IoHandlerContext real) {
    rest();
    context.real = real;
    int handled = io.run(context);
    if (awakeSince == WAITING) {
      awake();
    }
    return handled;
  }

  @Override
  public void initialize() {
    io.initialize();
  }

  @Override
  public void prepareToDestroy() {
    io.prepareToDestroy();
  }

  @Override
  public void destroy() {
    io.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return io.register(handle);
  }

  @Override
  public void wakeup() {
    io.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> type) {
    return io.isCompatible(type);
  }

  private final class Context implements IoHandlerContext {
    private IoHandlerContext real = NONE;

    @Override
    public boolean canBlock() {
      return real.canBlock();
    }

    @Override
    public long delayNanos(long now) {
      return real.delayNanos(now);
    }

    @Override
    public long deadlineNanos() {
      return real.deadlineNanos();
    }

    @Override
    public boolean shouldReportActiveIoTime() {
      awake();
      return false;
    }
  }

  private static final IoHandlerContext NONE =
      new IoHandlerContext() {
        @Override
        public boolean canBlock() {
          return false;
        }

        @Override
        public long delayNanos(long now) {
          return 0;
        }

        @Override
        public long deadlineNanos() {
          return 0;
        }
      };
}
