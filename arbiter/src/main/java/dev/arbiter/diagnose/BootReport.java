package dev.arbiter.diagnose;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One boot as its phases with their times, from the spawn to ready, and what is to be said of it if
 * it fails or is slow. Times are of the monotonic clock, which is one for all processes of a Linux
 * machine, so that the worker's own can be set against the arbiter's. Owned by the loop.
 */
public final class BootReport {
  /** Slower than this is worth a warning, as is half of {@code --boot-timeout}. */
  private static final long SLOW_NANOS = 10_000_000_000L;

  private static final int SHOWN_LINES = 15;

  /** What a worker says of its steps, in the words of the report. */
  private static final Map<String, String> NAMES =
      Map.of(
          "waiting for its settings", "settings",
          "starting the worker", "main",
          "loading the app", "class path",
          "constructing the app", "constructor",
          "starting the app", "start-up",
          "warming up", "warm-up");

  private record Step(String name, long begin) {}

  private final long spawned;
  private final List<Step> steps = new ArrayList<>();
  private String cause = "";
  private long end;

  /**
   * @param spawned before the process was made
   * @param executed when its program was there
   */
  public BootReport(long spawned, long executed) {
    this.spawned = spawned;
    steps.add(new Step("exec", spawned));
    steps.add(new Step("VM", executed));
  }

  /** A step has begun. {@code nanos} is 0 from a worker that does not say when. */
  public void phase(String name, long nanos, long now) {
    long last = steps.getLast().begin();
    long begin = nanos == 0 ? now : nanos;
    steps.add(new Step(NAMES.getOrDefault(name, name), Math.max(last, Math.min(begin, now))));
  }

  /** It will not start: it says so, or its time is over. */
  public void failed(String what, long now) {
    cause = what;
    end = now;
  }

  /** What it said when it could not start; may be empty. */
  public String cause() {
    return cause;
  }

  /** The phase it is in. */
  public String phase() {
    return steps.getLast().name();
  }

  /** Whether a boot that took until {@code now} should be looked at. */
  public boolean isSlow(long bootTimeoutNanos, long now) {
    long took = now - spawned;
    return took > SLOW_NANOS || (bootTimeoutNanos > 0 && took > bootTimeoutNanos / 2);
  }

  /** {@code exec 2 ms, VM 190 ms, constructor 300 ms}: what took a millisecond or more. */
  public String times(long now) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      long end = i + 1 < steps.size() ? steps.get(i + 1).begin() : now;
      long millis = (end - steps.get(i).begin()) / 1_000_000;
      if (millis > 0) {
        words.add(steps.get(i).name() + " " + millis + " ms");
      }
    }
    return words.isEmpty() ? "no time at all" : String.join(", ", words);
  }

  /** The last {@code most} lines of an output, without the frames of stack traces. */
  public static List<String> telling(List<String> output, int most) {
    List<String> telling =
        output.stream()
            .filter(line -> !line.matches("\\s+(at |\\.\\.\\. \\d+ (more|common)).*"))
            .toList();
    return telling.subList(Math.max(0, telling.size() - most), telling.size());
  }

  /** The line about a boot that came to its end. */
  public String line(long now) {
    return "booted in %d ms: %s".formatted((now - spawned) / 1_000_000, times(now));
  }

  /**
   * The block about a boot that did not.
   *
   * @param how it ended, such as {@code it was killed by SIGKILL}
   * @param output the last lines it printed
   * @param classPath where the app's classes are looked for
   * @param killed whether it ended by a SIGKILL that the arbiter did not send
   */
  public String block(String how, List<String> output, String classPath, boolean killed, long now) {
    long until = end == 0 ? now : end;
    List<String> shown = telling(output, SHOWN_LINES);
    StringBuilder text = new StringBuilder();
    text.append(
        "the boot failed in the phase '%s', %d ms after the spawn: %s%n    phases: %s"
            .formatted(phase(), (until - spawned) / 1_000_000, how, times(until)));
    if (!cause.isEmpty()) {
      text.append(System.lineSeparator()).append("    cause: ").append(cause);
    }
    if (!shown.isEmpty()) {
      text.append(
          shown.stream()
              .map(line -> System.lineSeparator() + "      | " + line)
              .collect(Collectors.joining("", System.lineSeparator() + "    last output:", "")));
    }
    String known = cause.isEmpty() ? how : cause;
    BootHint.of(known + "\n" + String.join("\n", output) + "\n", classPath, killed)
        .ifPresent(hint -> text.append(System.lineSeparator()).append("    hint: ").append(hint));
    return text.toString();
  }
}
