package dev.arbiter.tests;

import java.util.regex.Pattern;

/**
 * What the arbiter's log says, as far as tests rely on it: the one place to change when a line is
 * reworded.
 */
final class Says {
  /** Every line: {@code [time] [pid] [LEVEL] text}. */
  static final Pattern FORMAT =
      Pattern.compile(
          "^\\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)? [+-]\\d{4}\\]"
              + " \\[(\\d+)\\] \\[([A-Z]+)\\] (.*)$");

  static final Pattern ERROR = Pattern.compile("\\[(?:ERROR|CRITICAL|FATAL)\\]");

  /** Groups: the address, the arbiter's pid. */
  static final Pattern LISTENING = Pattern.compile("Listening at: (.+) \\((\\d+)\\)");

  /** In the clear. */
  static final Pattern LISTENING_TCP =
      Pattern.compile("Listening at: .*http://(?:\\[[^]]*]|[^:/\\s]+):(\\d+)");

  /** Inside TLS; group: the port. */
  static final Pattern LISTENING_TLS =
      Pattern.compile("Listening at: https://127\\.0\\.0\\.1:(\\d+) ");

  /** Group: the port. */
  static final Pattern STATUS_AT = Pattern.compile("Status at: http://127\\.0\\.0\\.1:(\\d+)");

  static final Pattern BOOTING = Pattern.compile("Booting worker");

  /** Group: the time it took. */
  static final Pattern READY =
      Pattern.compile("Worker \\d+ \\(pid \\d+\\) ready in (\\d[\\d.]* (?:ms|s|min))");

  /** Group: what the fleet does. */
  static final Pattern FLEET = Pattern.compile("Fleet ([A-Z]+): ");

  /** A worker had to be ended by force. */
  static final Pattern KILLED = Pattern.compile("is killed:|killed by signal 9");

  static final Pattern SILENT = Pattern.compile("has been silent for");
  static final Pattern LAG = Pattern.compile("event loop \\d+ of \\d+ has not run for");
  static final Pattern STOPPED_NO_DUMP = Pattern.compile("is stopped, no dump possible");

  /** The moment before the exec. */
  static final Pattern BECOMES = Pattern.compile("Upgrade: this arbiter becomes arbiter");

  /** The first line after it; group: its installation. */
  static final Pattern TOOK_OVER = Pattern.compile("This is arbiter \\S+ in (\\S+) ");

  static final Pattern ADOPTED = Pattern.compile("Upgraded: (\\d+) workers? of generation (\\d+)");
  static final Pattern UPGRADE_FAILED =
      Pattern.compile("Upgrade failed, this arbiter goes on as it was: (.*)");
  static final Pattern RELOADED = Pattern.compile("Reloaded: generation (\\d+) took over");
  static final Pattern RELOAD_FAILED = Pattern.compile("Reload failed: generation (\\d+): (.*)");

  /** A worker that a reload has replaced, and its process, are gone. */
  static final Pattern LEFT_BY_RELOAD = Pattern.compile("\\(pid \\d+\\) left: reload, after");

  /** This worker was found silent. */
  static Pattern silent(long pid) {
    return Pattern.compile("\\(pid " + pid + "\\) has been silent for");
  }

  private Says() {}
}
