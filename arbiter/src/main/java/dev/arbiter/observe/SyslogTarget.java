package dev.arbiter.observe;

import dev.arbiter.worker.Syslog;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;

/**
 * Sends the lines of the arbiter's log to a syslog daemon as well. What it does not take is lost
 * there and not in the log, which says once when that begins, and once when it ends. The log's
 * thread.
 */
final class SyslogTarget {
  private final Syslog syslog;
  private final Consumer<String> warn;
  private long lost;

  /** {@code warn} puts a line into the log. */
  SyslogTarget(Syslog syslog, Consumer<String> warn) {
    this.syslog = syslog;
    this.warn = warn;
  }

  void append(LogEvent event) {
    try {
      syslog.send(
          severity(event.getLevel()),
          event.getMessage().getFormattedMessage(),
          event.getTimeMillis());
      if (lost > 0) {
        long count = lost;
        lost = 0;
        warn.accept("Syslog takes lines again; it has missed " + count);
      }
    } catch (IOException e) {
      if (lost++ == 0) {
        warn.accept("Syslog does not get these lines: " + e.getMessage());
      }
    }
  }

  /** RFC 5424 section 6.2.1. */
  private static int severity(Level level) {
    return switch (level.getStandardLevel()) {
      case FATAL -> 2;
      case ERROR -> 3;
      case WARN -> 4;
      case DEBUG, TRACE -> 7;
      default -> Syslog.INFO;
    };
  }
}
