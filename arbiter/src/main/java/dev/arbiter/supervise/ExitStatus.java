package dev.arbiter.supervise;

import java.util.Map;

/** How a process ended. */
public sealed interface ExitStatus {

  /** It left by itself. */
  record Code(int code) implements ExitStatus {}

  /** A signal ended it. */
  record Killed(int signal) implements ExitStatus {}

  /** As an operator reads it: {@code exit code 3}, {@code killed by signal 9 (KILL)}. */
  default String text() {
    return switch (this) {
      // A JVM turns TERM, INT and HUP into an exit: code 128 and the signal's number.
      case Code(int code) when code > 128 && SignalNames.BY_NUMBER.containsKey(code - 128) ->
          "exit code %d (after signal %s)".formatted(code, SignalNames.BY_NUMBER.get(code - 128));
      case Code(int code) -> "exit code " + code;
      case Killed(int signal) ->
          "killed by signal %d (%s)"
              .formatted(signal, SignalNames.BY_NUMBER.getOrDefault(signal, "unknown"));
    };
  }

  /** The signals a JVM dies of, as numbered on Linux on x86-64 and aarch64. */
  final class SignalNames {
    static final Map<Integer, String> BY_NUMBER =
        Map.ofEntries(
            Map.entry(1, "HUP"),
            Map.entry(2, "INT"),
            Map.entry(3, "QUIT"),
            Map.entry(4, "ILL"),
            Map.entry(5, "TRAP"),
            Map.entry(6, "ABRT"),
            Map.entry(7, "BUS"),
            Map.entry(8, "FPE"),
            Map.entry(9, "KILL"),
            Map.entry(11, "SEGV"),
            Map.entry(13, "PIPE"),
            Map.entry(14, "ALRM"),
            Map.entry(15, "TERM"),
            Map.entry(24, "XCPU"),
            Map.entry(31, "SYS"));

    private SignalNames() {}
  }
}
