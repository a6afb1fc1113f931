package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.Headers;
import dev.arbiter.http.ResponseWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Fields that an app puts into a response, perhaps out of what a client sent: a status in two
 * bytes, a length in one, then names and values in turn, each ended by a zero; what is at an odd
 * place is shifted beyond Latin-1 if its first character is a one.
 *
 * <p>What must hold: the head that is sent has one line for each field, which is the app's own or
 * the worker's, and one framing; or there is none.
 */
public final class ResponseFields {
  private static final Set<String> OWN =
      Set.of("date", "server", "connection", "content-length", "transfer-encoding");

  private ResponseFields() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    if (bytes.length < 4) {
      return;
    }
    int status = ByteBuffer.wrap(bytes).getShort();
    long known = bytes[2];
    List<String> texts = new ArrayList<>();
    for (String text : new String(bytes, 3, bytes.length - 3, ISO_8859_1).split("\0", -1)) {
      texts.add(text.startsWith("\1") ? text.substring(1).replace('a', '\u010a') : text);
    }
    if (texts.size() % 2 != 0) {
      texts.removeLast();
    }
    Headers headers = Headers.of(texts.toArray(String[]::new));
    for (String version : List.of("HTTP/1.1", "HTTP/1.0")) {
      Optional<byte[]> head = ResponseWriter.head(version, status, headers, Math.max(-1, known));
      head.ifPresent(text -> check(new String(text, ISO_8859_1), headers));
    }
  }

  private static void check(String head, Headers headers) {
    require(head.endsWith("\r\n\r\n") && head.indexOf("\r\n\r\n") == head.length() - 4, head);
    String[] lines = head.substring(0, head.length() - 4).split("\r\n", -1);
    Set<String> given = new HashSet<>();
    headers.forEach((name, value) -> given.add(name + ": " + value));
    Map<String, Integer> counts = new HashMap<>();
    for (String line : Arrays.asList(lines).subList(1, lines.length)) {
      require(line.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f)), head);
      String name = line.substring(0, Math.max(0, line.indexOf(':'))).toLowerCase(Locale.ROOT);
      require(given.contains(line) || OWN.contains(name), head);
      counts.merge(name, 1, Integer::sum);
    }
    int framings =
        counts.getOrDefault("content-length", 0) + counts.getOrDefault("transfer-encoding", 0);
    require(framings <= 1, head);
    require(counts.getOrDefault("connection", 0) <= 1, head);
  }

  private static void require(boolean holds, String head) {
    if (!holds) {
      throw new AssertionError(head);
    }
  }
}
