package dev.arbiter.netty;

import dev.arbiter.http.StrictCase;
import dev.arbiter.http.StrictCase.Sight;
import dev.arbiter.http.Syntax;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A case of {@code strict-requests.txt} as HTTP/2 says it: the same method, target, fields and
 * body. What is about lines, chunks, versions, pipelines and fields of a connection cannot be said,
 * and is left out.
 *
 * @param outcome the status; or {@code reset} or {@code goaway}, and an error's number
 * @param fields names and values in turn, those of Host where they stood
 * @param seen what the app is to see, with the fields in that order; empty if it sees nothing
 */
record StreamCase(
    String section,
    String name,
    String outcome,
    String method,
    String path,
    List<String> fields,
    String body,
    List<Sight> seen) {

  /** RFC 9113 section 8.2.2; each has a row among those that are malformed. */
  private static final Set<String> OF_CONNECTION =
      Set.of("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade");

  /** Where the outcome is another than in HTTP/1, by the names of the cases. */
  private static Map<String, String> differences() {
    Map<String, String> differences = new HashMap<>();
    for (String line : StrictCase.lines(StreamCase.class, "stream-differences.txt")) {
      String[] parts = line.split(" \\| ", 2);
      if (differences.put(parts[1], parts[0]) != null) {
        throw new IllegalStateException(line + " is there twice");
      }
    }
    return differences;
  }

  /** What HTTP/2 itself calls malformed, which has no status there. */
  private static final String MALFORMED = "reset 1";

  /** What is seen of a Host that is said twice, which is refused in HTTP/1. */
  private static final Sight HOST_ONCE =
      new Sight("GET / HTTP/1.1", List.of("Host: a", "X: 1"), "", true);

  /** As in HTTP/1, where no more digits are read. */
  private static final String LENGTH = "[0-9]{1,18}";

  /** Those of the table that can be said. */
  static List<StreamCase> all() {
    Map<String, String> differences = differences();
    List<StreamCase> cases = new ArrayList<>();
    for (StrictCase one : StrictCase.all()) {
      StreamCase said = of(one, differences.remove(one.name()));
      if (said != null) {
        cases.add(said);
      }
    }
    if (!differences.isEmpty()) {
      throw new IllegalStateException("no such cases: " + differences);
    }
    return cases;
  }

  private static @Nullable StreamCase of(StrictCase one, @Nullable String different) {
    int end = one.raw().indexOf("\r\n\r\n");
    if (one.ends() || one.statuses().size() != 1 || end < 0) {
      return null;
    }
    String[] lines = one.raw().substring(0, end).split("\r\n", -1);
    String[] line = lines[0].split(" ", -1);
    if (line.length != 3 || !line[2].equals("HTTP/1.1")) {
      return null;
    }
    List<String> fields = new ArrayList<>();
    String body = one.raw().substring(end + 4);
    int length = 0;
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon < 0 || lines[i].startsWith(" ") || lines[i].startsWith("\t")) {
        return null;
      }
      String name = lines[i].substring(0, colon).toLowerCase(Locale.ROOT);
      String value = stripped(lines[i].substring(colon + 1));
      if (OF_CONNECTION.contains(name.strip())) {
        return null;
      }
      if (name.equals("content-length") && value.matches("[0-9]{1,9}")) {
        length = Integer.parseInt(value);
      }
      fields.add(name);
      fields.add(value);
    }
    boolean framed = one.malformed() || body.length() == length;
    String status = "" + one.statuses().getFirst();
    boolean malformed = one.malformed() && malformed(line[0], line[1], fields);
    String outcome = different == null ? malformed ? MALFORMED : status : different;
    return framed
        ? new StreamCase(
            one.section(), one.name(), outcome, line[0], line[1], fields, body, one.seen())
        : null;
  }

  /** RFC 9113 section 8.2.1, section 8.3.1 and, for lengths, section 8.1.1. */
  private static boolean malformed(String method, String path, List<String> fields) {
    boolean malformed = path.isEmpty() || control(method) || control(path);
    int lengths = 0;
    for (int i = 0; i < fields.size(); i += 2) {
      String value = fields.get(i + 1);
      boolean length = fields.get(i).equals("content-length");
      lengths += length ? 1 : 0;
      malformed |=
          !Syntax.token(fields.get(i)) || control(value) || (length && !value.matches(LENGTH));
    }
    return malformed || lengths > 1;
  }

  private static boolean control(String text) {
    return text.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 0x7f)
        || !stripped(text).equals(text);
  }

  /** The outcome; the table has two where it depends on how the host is said. */
  String outcome(boolean authority) {
    String[] both = outcome.split("/");
    return authority ? both[0] : both[both.length - 1];
  }

  /** What HTTP/1 allows around a value, and HTTP/2 does not. */
  private static String stripped(String value) {
    int from = 0;
    int to = value.length();
    while (from < to && (value.charAt(from) == ' ' || value.charAt(from) == '\t')) {
      from++;
    }
    while (to > from && (value.charAt(to - 1) == ' ' || value.charAt(to - 1) == '\t')) {
      to--;
    }
    return value.substring(from, to);
  }

  /** All fields; the first Host as {@code :authority} if {@code authority}. */
  List<String> list(boolean authority) {
    List<String> list = new ArrayList<>(List.of(":method", method, ":scheme", "http"));
    list.addAll(List.of(":path", path));
    int host = authority ? host() : -1;
    if (host >= 0) {
      list.addAll(List.of(":authority", fields.get(host + 1)));
    }
    for (int i = 0; i < fields.size(); i += 2) {
      if (i != host) {
        list.add(fields.get(i));
        list.add(fields.get(i + 1));
      }
    }
    return list;
  }

  private int host() {
    int at = 0;
    while (at < fields.size() && !fields.get(at).equals("host")) {
      at += 2;
    }
    return at < fields.size() ? at : -1;
  }

  /** What the app is to see. */
  List<Sight> seen(boolean authority) {
    if (!outcome(authority).equals("200")) {
      return List.of();
    }
    List<Sight> all = seen.isEmpty() ? List.of(HOST_ONCE) : seen;
    return all.stream().map(sight -> seen(sight, authority)).toList();
  }

  private static Sight seen(Sight inHttp1, boolean authority) {
    List<String> lines = new ArrayList<>();
    List<String> length = new ArrayList<>();
    for (String field : inHttp1.fields()) {
      int colon = field.indexOf(": ");
      String name = field.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = field.substring(colon + 2);
      if (name.equals("content-length")) {
        length.add(name + ": " + Long.parseLong(value)); // which Netty writes anew, at the end
      } else {
        lines.add(authority && name.equals("host") ? 0 : lines.size(), name + ": " + value);
      }
    }
    lines.addAll(length);
    String line = inHttp1.line().replaceFirst(" HTTP/1.1$", " HTTP/2");
    return new Sight(line, lines, inHttp1.body(), inHttp1.whole());
  }

  @Override
  public String toString() {
    return name + " (" + section + ")";
  }
}
