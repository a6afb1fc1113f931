package dev.arbiter.http;

import dev.arbiter.app.Headers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
    List<String> sent) {

  /** The whole table. */
  public static List<ResponseCase> all() {
    return StrictCase.lines("strict-responses.txt").stream().map(ResponseCase::parse).toList();
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
        Arrays.stream(columns[5].split("; ")).map(StrictCase::unescape).toList());
  }

  @Override
  public String toString() {
    return name + " (" + section + ")";
  }
}
