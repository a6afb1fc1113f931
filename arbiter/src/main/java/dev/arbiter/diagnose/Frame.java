package dev.arbiter.diagnose;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of a stack, as the JDK prints it ({@code app//shop.Cart.total(Cart.java:7)}) or HotSpot
 * ({@code java.base@25/java.lang.Object.wait0(Native Method)}).
 */
record Frame(String text) {
  /** A loader's name, or a module with its version; a hidden class has a slash too, but later. */
  private static final Pattern ORIGIN = Pattern.compile("^(?:[\\w .-]*//|([\\w.]+)(?:@[^/]*)?/)");

  /** Native methods a thread waits in on behalf of Java code: no hang of native code. */
  private static final Set<String> JAVA_WAITS =
      Set.of(
          "jdk.internal.misc.Unsafe.park",
          "java.lang.Object.wait0",
          "java.lang.Thread.sleep0",
          "java.lang.Thread.sleepNanos0",
          "java.lang.Thread.yield0",
          "java.lang.VirtualThread.takeVirtualThreadListToUnblock");

  private String qualified() {
    int end = text.indexOf('(');
    String name = end < 0 ? text : text.substring(0, end);
    Matcher origin = ORIGIN.matcher(name);
    return origin.find() ? name.substring(origin.end()) : name;
  }

  /** Class and method, without module, loader and line. */
  String method() {
    return qualified();
  }

  /** The package, with dots; empty for a class without one. */
  String packageName() {
    String[] parts = qualified().split("\\.", -1);
    // The last two are class and method.
    return parts.length < 3
        ? ""
        : String.join(".", java.util.List.of(parts).subList(0, parts.length - 2));
  }

  boolean isJdk() {
    Matcher origin = ORIGIN.matcher(text);
    String module = origin.find() && origin.group(1) != null ? origin.group(1) : "";
    String name = qualified();
    return module.startsWith("java.")
        || module.startsWith("jdk.")
        || name.startsWith("java.")
        || name.startsWith("jdk.")
        || name.startsWith("sun.");
  }

  boolean isNative() {
    return text.endsWith("Native Method)");
  }

  /** Whether a thread that is here waits for other Java code. */
  boolean isJavaWait() {
    return JAVA_WAITS.contains(qualified());
  }

  /** As shown: without the name of the loader. */
  String shown() {
    int loader = text.indexOf("//");
    int end = text.indexOf('(');
    return loader >= 0 && (end < 0 || loader < end) ? text.substring(loader + 2) : text;
  }
}
