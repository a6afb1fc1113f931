package dev.arbiter.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.internal.PlatformDependent;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** How busy the loops are, and what Netty holds outside the heap. Any thread. */
final class Load implements LoopMeter.Collector {
  private final List<LoopMeter> meters = new CopyOnWriteArrayList<>();
  private long askedNanos = System.nanoTime();
  private long workedNanos;

  @Override
  public void add(LoopMeter meter) {
    meters.add(meter);
  }

  /** The share of time the loops did not wait, all together, since this was last asked. */
  synchronized int busyPercent() {
    long now = System.nanoTime();
    long worked = meters.stream().mapToLong(LoopMeter::workedNanos).sum();
    long time = (now - askedNanos) * Math.max(1, meters.size());
    int percent = time <= 0 ? 0 : Math.clamp(100 * (worked - workedNanos) / time, 0, 100);
    askedNanos = now;
    workedNanos = worked;
    return percent;
  }

  /**
   * What Netty's allocator holds that the JDK's buffer pool does not know of. On JDK 25 it takes
   * its chunks from native memory by itself, unless the JVM was told to let it use Unsafe: then it
   * asks the JDK, whose pool has counted them already.
   */
  static long directBytes() {
    boolean countedByTheJdk =
        PlatformDependent.hasUnsafe() && !PlatformDependent.useDirectBufferNoCleaner();
    return !countedByTheJdk
            && ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider provider
        ? Math.max(0, provider.metric().usedDirectMemory())
        : 0;
  }
}
