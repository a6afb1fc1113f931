package dev.arbiter.control;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a client asks for, one line of JSON; docs/control.md.
 *
 * @param command such as {@code reload}
 * @param number a slot or a count, where the command has one, else 0
 * @param awaits whether the answer is the outcome, or comes as soon as the request was taken up
 */
public record Request(String command, int number, boolean awaits) {
  /**
   * The version of requests and replies. Members may be added to it; what is unknown is skipped.
   */
  static final int PROTOCOL = 1;

  /** Asks what becomes of the upgrade the arbiter began with; a client does that waits for one. */
  static final String UPGRADED = "upgraded";

  /** As it is sent. */
  String line() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("protocol", PROTOCOL);
    members.put("command", command);
    members.put("number", number);
    members.put("wait", awaits);
    return Json.write(members) + "\n";
  }

  /**
   * Reads a line.
   *
   * @throws IOException it is not a request; the message is for the client
   */
  static Request read(String line) throws IOException {
    Map<String, Object> members = Json.readObject(line);
    if (!Long.valueOf(PROTOCOL).equals(members.get("protocol"))) {
      throw new IOException(
          "this arbiter speaks protocol %d, the request is in %s"
              .formatted(PROTOCOL, members.getOrDefault("protocol", "none")));
    }
    if (!(members.get("command") instanceof String command)) {
      throw new IOException("expected \"command\" to be a text");
    }
    if (!(members.getOrDefault("number", 0L) instanceof Long number)
        || number < 0
        || number > Integer.MAX_VALUE) {
      throw new IOException("expected \"number\" to be a whole number of at least 0");
    }
    if (!(members.getOrDefault("wait", true) instanceof Boolean wait)) {
      throw new IOException("expected \"wait\" to be true or false");
    }
    return new Request(command, Math.toIntExact(number), wait);
  }
}
