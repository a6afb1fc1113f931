package dev.arbiter.app;

import java.time.Duration;
import java.util.Optional;

/**
 * One event of an {@link EventStream} (HTML standard, "server-sent events").
 *
 * @param data what the page gets; each of its lines, however they end, is a line of its own
 * @param name the event's type; without one it is {@code message}
 * @param id what the browser sends back as {@code Last-Event-ID} when it connects again
 * @param retry how long the browser is to wait before that
 */
public record ServerEvent(
    String data, Optional<String> name, Optional<String> id, Optional<Duration> retry) {

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException the name or the id has a line end, the id a NUL, or the time
   *     is negative
   */
  public ServerEvent {
    if (name.stream().anyMatch(ServerEvent::severalLines)) {
      throw new IllegalArgumentException("An event's name is one line: " + name);
    }
    if (id.stream().anyMatch(text -> severalLines(text) || text.indexOf('\0') >= 0)) {
      throw new IllegalArgumentException("An event's id is one line without NUL: " + id);
    }
    if (retry.stream().anyMatch(Duration::isNegative)) {
      throw new IllegalArgumentException("An event's retry is negative: " + retry);
    }
  }

  private static boolean severalLines(String text) {
    return text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0;
  }

  /**
   * {@return an event with nothing but data}
   *
   * @param data of any number of lines
   */
  public static ServerEvent of(String data) {
    return new ServerEvent(data, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * {@return the same with this name}
   *
   * @param newName in one line
   */
  public ServerEvent withName(String newName) {
    return new ServerEvent(data, Optional.of(newName), id, retry);
  }

  /**
   * {@return the same with this id}
   *
   * @param newId in one line, without NUL
   */
  public ServerEvent withId(String newId) {
    return new ServerEvent(data, name, Optional.of(newId), retry);
  }

  /**
   * {@return the same with this time to wait before connecting again}
   *
   * @param newRetry sent in milliseconds; not negative
   */
  public ServerEvent withRetry(Duration newRetry) {
    return new ServerEvent(data, name, id, Optional.of(newRetry));
  }

  /** As it is sent, with the empty line that ends it. */
  String text() {
    StringBuilder text = new StringBuilder();
    name.ifPresent(value -> text.append("event: ").append(value).append('\n'));
    id.ifPresent(value -> text.append("id: ").append(value).append('\n'));
    retry.ifPresent(value -> text.append("retry: ").append(value.toMillis()).append('\n'));
    // Not lines(): the last line end of the data is data, too.
    for (String line : data.split("\r\n|\r|\n", -1)) {
      text.append("data: ").append(line).append('\n');
    }
    return text.append('\n').toString();
  }
}
