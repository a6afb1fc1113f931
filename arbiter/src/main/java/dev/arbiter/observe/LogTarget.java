package dev.arbiter.observe;

import dev.arbiter.worker.LogText;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.StringLayout;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.appender.FileAppender;
import org.apache.logging.log4j.core.config.DefaultConfiguration;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.logging.log4j.core.util.JsonUtils;

/** Where the lines of the arbiter's log end. The log's thread. */
interface LogTarget {

  /** Writes one event; blocks while nobody takes it. */
  void append(LogEvent event);

  /** The same target anew, as after a file was renamed; this one is not used any more. */
  LogTarget again();

  /** What {@code plan} says without a configuration of Log4j's. */
  static LogTarget of(LogPlan plan) {
    return new Own(plan);
  }

  /** One appender, made here: a file or standard error. */
  final class Own implements LogTarget {
    private static final String NAME = "arbiter";
    private static final String LEVEL = "%level{WARN=WARNING, FATAL=CRITICAL}";
    private static final String PATTERN =
        "[%d{yyyy-MM-dd HH:mm:ss Z}] [%pid] [" + LEVEL + "] %msg%n";
    private static final String COLOURED =
        PATTERN.replace(
            LEVEL,
            "%highlight{"
                + LEVEL
                + "}{FATAL=bright red, ERROR=red, WARN=yellow, INFO=green, DEBUG=cyan, TRACE=blue}");

    private final LogPlan plan;
    private final Appender appender;

    private Own(LogPlan plan) {
      this.plan = plan;
      this.appender = open(plan);
    }

    @Override
    public void append(LogEvent event) {
      appender.append(event);
    }

    /** Log4j shares an open file among appenders of its name: the old one must let it go first. */
    @Override
    public LogTarget again() {
      appender.stop();
      return new Own(plan);
    }

    private static Appender open(LogPlan plan) {
      StringLayout layout = plan.json() ? new JsonLines() : pattern(plan);
      Appender appender =
          plan.file().isPresent()
              ? FileAppender.newBuilder()
                  .setName(NAME)
                  .setLayout(layout)
                  .setFileName(plan.file().get().toString())
                  .setAppend(true)
                  .setIgnoreExceptions(true)
                  .build()
              : ConsoleAppender.newBuilder()
                  .setName(NAME)
                  .setLayout(layout)
                  .setTarget(ConsoleAppender.Target.SYSTEM_ERR)
                  .setDirect(true)
                  .setIgnoreExceptions(true)
                  .build();
      appender.start();
      return appender;
    }

    private static PatternLayout pattern(LogPlan plan) {
      boolean coloured = plan.colours() && plan.file().isEmpty();
      return PatternLayout.newBuilder()
          .setPattern(coloured ? COLOURED : PATTERN)
          .setDisableAnsi(!coloured)
          .setCharset(StandardCharsets.UTF_8)
          .setConfiguration(new DefaultConfiguration())
          .build();
    }
  }

  /** {@code {"time":"2026-11-28T12:00:00.123Z","level":"info","pid":1,"message":"..."}}. */
  final class JsonLines extends AbstractStringLayout {
    private final long pid = ProcessHandle.current().pid();

    JsonLines() {
      super(StandardCharsets.UTF_8);
    }

    @Override
    public String toSerializable(LogEvent event) {
      StringBuilder line = new StringBuilder(128);
      line.append("{\"time\":\"")
          .append(java.time.Instant.ofEpochMilli(event.getTimeMillis()))
          .append("\",\"level\":\"")
          .append(name(event.getLevel()))
          .append("\",\"pid\":")
          .append(pid)
          .append(",\"message\":\"");
      int from = line.length();
      JsonUtils.quoteAsString(event.getMessage().getFormattedMessage(), line);
      for (int i = from; i < line.length(); i++) {
        char c = line.charAt(i);
        if (!LogText.isHarmless(c)) { // JSON leaves them as they are, and a terminal obeys some
          line.replace(i, i + 1, "\\u" + HexFormat.of().toHexDigits(c));
        }
      }
      return line.append("\"}\n").toString();
    }
  }

  /** A level as the settings name it. */
  static String name(Level level) {
    return level.equals(Level.WARN)
        ? "warning"
        : level.equals(Level.FATAL) ? "critical" : level.name().toLowerCase(Locale.ROOT);
  }

  /** The level of that name. */
  static Level level(String name) {
    return switch (name) {
      case "warning" -> Level.WARN;
      case "critical" -> Level.FATAL;
      default ->
          Optional.ofNullable(Level.getLevel(name.toUpperCase(Locale.ROOT))).orElse(Level.INFO);
    };
  }
}
