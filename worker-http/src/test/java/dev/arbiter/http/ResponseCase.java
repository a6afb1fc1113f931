package dev.arbiter.http;

import dev.arbiter.app.Headers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A case of {@code strict-responses.txt}, which every HTTP worker is tested with. The file's head
 * explains its form.
 *
 * @param section where the rule is written: an RFC and a section
 * @param method of the request
 * @param version of the request
 * @param status the app's
 * @param headers the app's
 * @param whole whether the app's body comes in one piece
 * @param parts the app's body
 * @param sent what is to be sent: the status, what becomes of the connection, fields, the body
 * @param sentInHttp2 the same over HTTP/2; null if nothing is named that differs
 */
public record ResponseCase(
    String section,
    String name,
    String method,
    String version,
    int status,
    Headers headers,
    boolean whole,
    List<String> parts,
    List<String> sent,
    @Nullable List<String> sentInHttp2) {

  private static final String IN_HTTP2 = "  HTTP/2 | ";

  /** The whole table. */
  public static List<ResponseCase> all() {
    List<ResponseCase> cases = new ArrayList<>();
    for (String line : StrictCase.lines("strict-responses.txt")) {
      if (line.startsWith(IN_HTTP2)) {
        String outcome = line.split(" \\| ", 3)[2];
        cases.add(cases.removeLast().withHttp2(outcome(outcome)));
      } else {
        cases.add(parse(line));
      }
    }
    return List.copyOf(cases);
  }

  /** Those that can be asked for over HTTP/2, with what is to be sent there. */
  public static List<ResponseCase> allInHttp2() {
    return all().stream()
        .filter(one -> one.version().equals("HTTP/1.1"))
        .map(ResponseCase::inHttp2)
        .toList();
  }

  private ResponseCase inHttp2() {
    return sentInHttp2 == null ? this : with(sentInHttp2, null);
  }

  private ResponseCase withHttp2(List<String> outcome) {
    return with(sent, outcome);
  }

  private ResponseCase with(List<String> nextSent, @Nullable List<String> nextInHttp2) {
    return new ResponseCase(
        section, name, method, version, status, headers, whole, parts, nextSent, nextInHttp2);
  }

  private static List<String> outcome(String text) {
    return Arrays.stream(text.split("; ")).map(StrictCase::unescape).toList();
  }

  private static ResponseCase parse(String line) {
    String[] columns = line.split(" \\| ", 6);
    String[] request = columns[2].split(" ");
    List<String> head = new ArrayList<>(List.of(columns[3].split("; ")));
    int status = Integer.parseInt(head.removeFirst());
    String[] fields =
        head.stream()
            .map(StrictCase::unescape)
            .flatMap(field -> Arrays.stream(field.split(": ", 2)))
            .toArray(String[]::new);
    boolean whole = columns[4].startsWith("whole ");
    String body = StrictCase.unescape(columns[4].substring(6));
    return new ResponseCase(
        columns[0],
        columns[1],
        request[0],
        request[1],
        status,
        Headers.of(fields),
        whole,
        whole ? List.of(body) : List.of(body.split(",", -1)),
        outcome(columns[5]),
        null);
  }

  @Override
  public String toString() {
    return name + " (" + section + ")";
  }
}
