package dev.arbiter.process;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The limits that a list of JVM options sets, by HotSpot's own names; the last one wins, as there.
 * What cannot be read counts as set and has no size: the JVM will say what is wrong with it.
 */
final class JvmOptions {
  private static final Pattern NUMBER = Pattern.compile("([0-9]+)([kKmMgGtT]?)");
  private static final Pattern NAMED = Pattern.compile("-XX:(\\w+)=(.*)");
  private static final Pattern SWITCH = Pattern.compile("-XX:([+-])(\\w+)");
  private static final Map<String, String> SHORT =
      Map.of("-Xmx", "MaxHeapSize", "-Xms", "InitialHeapSize", "-Xss", "ThreadStackSize");

  private final Map<String, String> values = new HashMap<>();
  private Optional<String> collector = Optional.empty();

  static JvmOptions parse(List<String> options) {
    JvmOptions parsed = new JvmOptions();
    options.forEach(parsed::take);
    return parsed;
  }

  private void take(String option) {
    Matcher named = NAMED.matcher(option);
    Matcher onOff = SWITCH.matcher(option);
    if (named.matches()) {
      boolean kilobytes = named.group(1).equals("ThreadStackSize") && !named.group(2).isEmpty();
      values.put(named.group(1), named.group(2) + (kilobytes ? "k" : ""));
    } else if (onOff.matches()) {
      boolean on = onOff.group(1).equals("+");
      values.put(onOff.group(2), Boolean.toString(on));
      if (on && onOff.group(2).matches("Use\\w+GC")) {
        collector = Optional.of(onOff.group(2));
      }
    } else if (option.length() >= 4 && SHORT.containsKey(option.substring(0, 4))) {
      values.put(SHORT.get(option.substring(0, 4)), option.substring(4));
    } else if (option.equals("-Xint")) {
      values.put("Xint", "true");
    }
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  /** Bytes, or a count; empty if it is not set. */
  OptionalLong size(String name) {
    Matcher number = NUMBER.matcher(values.getOrDefault(name, ""));
    if (!number.matches() || number.group(1).length() > 15) {
      return OptionalLong.empty();
    }
    int shift =
        switch (number.group(2)) {
          case "k", "K" -> 10;
          case "m", "M" -> 20;
          case "g", "G" -> 30;
          case "t", "T" -> 40;
          default -> 0;
        };
    long value = Long.parseLong(number.group(1));
    return OptionalLong.of(value > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : value << shift);
  }

  OptionalDouble percent(String name) {
    String value = values.getOrDefault(name, "");
    return value.matches("[0-9]{1,3}(\\.[0-9]*)?")
        ? OptionalDouble.of(Double.parseDouble(value))
        : OptionalDouble.empty();
  }

  /** The collector they choose, such as {@code UseG1GC}. */
  Optional<String> collector() {
    return collector;
  }
}
