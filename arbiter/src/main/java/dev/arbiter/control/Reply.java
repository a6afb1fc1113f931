package dev.arbiter.control;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What the arbiter answers, one line of JSON; docs/control.md.
 *
 * @param text for a person; may have several lines, may be empty
 * @param data what was asked for, where something was; else empty
 */
public record Reply(Outcome outcome, String text, Map<String, Object> data) {

  /** What became of a request. */
  public enum Outcome {
    /** It was done. */
    DONE,
    /** It is being done. */
    ACCEPTED,
    /** It was tried, and what ran before runs on. */
    FAILED,
    /** It was not tried. */
    REFUSED,
    /** A later request took its place. */
    SUPERSEDED,
    /** The request cannot be understood or served. */
    ERROR,
    /** This client may not ask. */
    DENIED
  }

  /** As it is sent. */
  static String line(Outcome outcome, String text, Object data) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("protocol", Request.PROTOCOL);
    members.put("outcome", outcome.name().toLowerCase(Locale.ROOT));
    members.put("text", text);
    members.put("data", data);
    return Json.write(members) + "\n";
  }

  /**
   * Reads a line.
   *
   * @throws IOException an arbiter would not say this
   */
  static Reply read(String line) throws IOException {
    Map<String, Object> members = Json.readObject(line);
    return new Reply(
        outcome(String.valueOf(members.get("outcome"))),
        String.valueOf(members.getOrDefault("text", "")),
        Json.object(members.get("data")));
  }

  private static Outcome outcome(String word) throws IOException {
    try {
      return Outcome.valueOf(word.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IOException("no outcome is called " + word, e);
    }
  }
}
