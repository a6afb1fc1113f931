package dev.arbiter.fuzz;

import dev.arbiter.http.IncomingHead;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The head of a request that was accepted, without what tells the versions of HTTP apart.
 *
 * @param fields as {@code name: value}, with names in small letters, sorted: the host's place and
 *     that of cookies differ
 */
public record ReadHead(
    String method,
    String rawPath,
    String query,
    long length,
    boolean continues,
    List<String> fields) {

  private static final String COOKIE = "cookie: ";

  /** Of a head that was not refused. */
  public static ReadHead of(IncomingHead head) {
    List<String> fields = new ArrayList<>();
    for (int i = 0; i < head.size(); i++) {
      fields.add(head.name(i).toLowerCase(Locale.ROOT) + ": " + head.value(i));
    }
    return new ReadHead(
        head.method(),
        head.rawPath(),
        head.query(),
        head.contentLength(),
        head.expectsContinue(),
        fields);
  }

  /** RFC 9113 section 8.2.3: several become one for who knows nothing of HTTP/2. */
  ReadHead withOneCookie() {
    List<String> all = new ArrayList<>();
    List<String> cookies = new ArrayList<>();
    for (String field : fields) {
      if (field.startsWith(COOKIE)) {
        cookies.add(field.substring(COOKIE.length()));
      } else {
        all.add(field);
      }
    }
    if (!cookies.isEmpty()) {
      cookies.removeIf(String::isEmpty);
      all.add(COOKIE + String.join("; ", cookies));
    }
    return new ReadHead(method, rawPath, query, length, continues, all);
  }

  @Override
  public String toString() {
    return String.join(" ", method, rawPath, query, "" + length, "" + continues)
        + fields.stream().sorted().toList();
  }
}
