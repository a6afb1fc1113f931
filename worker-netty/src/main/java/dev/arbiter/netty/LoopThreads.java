package dev.arbiter.netty;

import java.lang.reflect.Constructor;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Makes virtual threads that are scheduled by an executor of ours: a connection's event loop.
 *
 * <p>Design note. A request that runs on the loop's own thread saves two hops between threads,
 * which is a third of what a small request costs; when it waits it leaves the loop, and when it
 * computes it occupies it just as a callback would. The JDK has no public way to choose the
 * scheduler, but a constructor of the builder behind {@code Thread.ofVirtual}, which {@code
 * --add-opens java.base/java.lang=ALL-UNNAMED} opens. Where it is not to be had, the JVM's own
 * scheduler serves; nothing but speed depends on it.
 */
final class LoopThreads {
  private static final @Nullable Constructor<?> BUILDER = find();

  private LoopThreads() {}

  private static @Nullable Constructor<?> find() {
    try {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      return constructor;
    } catch (ReflectiveOperationException | RuntimeException _) {
      return null;
    }
  }

  static boolean available() {
    return BUILDER != null;
  }

  /**
   * A builder of threads that {@code scheduler} runs, if there can be one; else of ordinary ones.
   */
  static Thread.Builder.OfVirtual on(Executor scheduler) {
    if (BUILDER != null) {
      try {
        return ((Thread.Builder.OfVirtual) BUILDER.newInstance(scheduler)).name("request");
      } catch (ReflectiveOperationException | RuntimeException _) {
        return ordinary();
      }
    }
    return ordinary();
  }

  /** A builder of threads that the JVM's own scheduler runs. */
  static Thread.Builder.OfVirtual ordinary() {
    return Thread.ofVirtual().name("request");
  }
}
