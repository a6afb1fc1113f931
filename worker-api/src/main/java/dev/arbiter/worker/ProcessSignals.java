package dev.arbiter.worker;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Handles this process's signals, in a worker and in the arbiter. QUIT cannot be had: it is the
 * JVM's thread dump.
 *
 * <p>Through reflection, because {@code sun.misc.Signal} is the only way to a signal (JDK-8087286)
 * and the compiler warns of each mention of it, unsuppressably, in a build where a warning is an
 * error.
 */
public final class ProcessSignals {
  private ProcessSignals() {}

  /**
   * Calls {@code action} for each signal, on a fresh thread: two may overlap or swap places, so it
   * should do no more than enqueue.
   *
   * @param name without {@code SIG}
   * @param action may not block
   * @throws IllegalArgumentException if the JVM keeps the signal for itself
   */
  @SuppressWarnings("ReferenceEquality") // a proxy is equal to itself only
  public static void on(String name, Runnable action) {
    Class<?> handler = type("sun.misc.SignalHandler");
    install(
        name,
        Proxy.newProxyInstance(
            handler.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    action.run();
                    yield null;
                  }
                  case "equals" -> proxy == arguments[0];
                  case "hashCode" -> System.identityHashCode(proxy);
                  default -> "handler of SIG" + name;
                }));
  }

  /**
   * Ignores the signal.
   *
   * @param name without {@code SIG}
   */
  public static void ignore(String name) {
    try {
      install(name, type("sun.misc.SignalHandler").getField("SIG_IGN").get(null));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("This JVM has no sun.misc.SignalHandler.SIG_IGN", e);
    }
  }

  private static void install(String name, Object handler) {
    try {
      Class<?> signal = type("sun.misc.Signal");
      Method handle = signal.getMethod("handle", signal, type("sun.misc.SignalHandler"));
      handle.invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
    } catch (java.lang.reflect.InvocationTargetException e) {
      throw new IllegalArgumentException("SIG" + name + " cannot be handled", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("This JVM has no sun.misc.Signal", e);
    }
  }

  private static Class<?> type(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new LinkageError("This JVM has no module jdk.unsupported", e);
    }
  }
}
