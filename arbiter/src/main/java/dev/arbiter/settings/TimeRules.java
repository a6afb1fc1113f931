package dev.arbiter.settings;

import static java.util.Objects.requireNonNull;

import dev.arbiter.settings.Config.Value;
import dev.arbiter.settings.Source.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What the settings of time must be together. */
public final class TimeRules {
  /** How long idle connections may be used where the keep-alive time has no limit. */
  private static final Duration USUAL_LINGER = Duration.ofSeconds(5);

  /** Kept of the graceful timeout for what an idle connection still asks at its last moment. */
  private static final Duration AFTER_LINGER = Duration.ofSeconds(2);

  private final Map<String, Value> values;
  private final List<String> notices;

  private TimeRules(Map<String, Value> values, List<String> notices) {
    this.values = values;
    this.notices = notices;
  }

  /** Changes {@code values} where one follows from another. */
  static void settle(Map<String, Value> values, List<String> notices) {
    TimeRules rules = new TimeRules(values, notices);
    rules.settleBeat();
    rules.weighLinger();
  }

  /**
   * How long the idle connections of a worker that leaves may still be used: as long as its clients
   * keep them, but over before the graceful timeout cuts them.
   */
  public static Duration linger(Duration keepAlive, Duration grace) {
    Duration wanted = keepAlive.isZero() ? USUAL_LINGER : keepAlive;
    if (grace.isZero()) {
      return wanted;
    }
    Duration most = grace.minus(AFTER_LINGER);
    Duration least = most.isNegative() ? Duration.ZERO : most;
    return wanted.compareTo(least) < 0 ? wanted : least;
  }

  /** An arbiter that hears from a worker less than four times a timeout would end healthy ones. */
  private void settleBeat() {
    long timeout = millis("timeout");
    Value beat = value("heartbeat-interval");
    long most = Math.max(10, timeout / 4);
    if (timeout == 0 || millis("heartbeat-interval") <= most) {
      return;
    }
    if (beat.source().kind() != Kind.DEFAULT) {
      notices.add(
          "%s is longer than a quarter of timeout %s; %s is used"
              .formatted(
                  said("heartbeat-interval"), Type.Span.human(timeout), Type.Span.human(most)));
    }
    values.put(
        "heartbeat-interval", new Value(List.of(Long.toString(most)), value("timeout").source()));
  }

  /** Whoever keeps connections for longer uses one that is closed at that moment, now and then. */
  private void weighLinger() {
    long keepAlive = millis("keep-alive");
    long linger =
        linger(Duration.ofMillis(keepAlive), Duration.ofMillis(millis("graceful-timeout")))
            .toMillis();
    boolean develops = Boolean.parseBoolean(value("reload").text()); // nothing lingers there
    if (linger < keepAlive && !develops) {
      notices.add(
          ("%s and %s: a worker that leaves closes idle connections after %s, while their clients may"
                  + " still use them; give graceful-timeout %s more than keep-alive")
              .formatted(
                  said("keep-alive"),
                  said("graceful-timeout"),
                  Type.Span.human(linger),
                  Type.Span.human(AFTER_LINGER.toMillis())));
    }
  }

  private String said(String name) {
    String shown = Type.Span.human(millis(name));
    Source source = value(name).source();
    return source.kind() == Kind.DEFAULT ? name + " " + shown : source.with(shown);
  }

  private long millis(String name) {
    return Long.parseLong(value(name).text());
  }

  private Value value(String name) {
    return requireNonNull(values.get(name), name);
  }
}
