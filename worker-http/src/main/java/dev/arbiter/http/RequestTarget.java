package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.http.RequestRules.Rule;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A request target, taken apart (RFC 9112 section 3.2).
 *
 * @param rawPath the path, not decoded; {@code *} for the asterisk form
 * @param query what follows the question mark, not decoded; may be empty
 * @param authority host and port of an absolute form, which replace the {@code Host} header; empty
 *     otherwise
 * @param broken the rule it breaks, if any
 */
record RequestTarget(String rawPath, String query, String authority, @Nullable Rule broken) {

  private static final String UNWISE = "\"<>\\^`{|}";
  private static final RequestTarget ROOT = new RequestTarget("/", "", "", null);
  private static final RequestTarget ASTERISK = new RequestTarget("*", "", "", null);

  static RequestTarget parse(String method, String target) {
    if (target.equals("/")) {
      return ROOT;
    }
    int question = -1;
    int length = target.length();
    for (int i = 0; i < length; i++) {
      char c = target.charAt(i);
      if (c <= ' ' || c >= 0x7f) {
        return broken(Rule.TARGET_CHARACTERS);
      }
      if (c == '#') {
        return broken(Rule.TARGET_FRAGMENT);
      }
      if (c == '?' && question < 0) {
        question = i;
      }
      if (!Leniency.UNWISE_TARGET_CHARACTERS && UNWISE.indexOf(c) >= 0) {
        return broken(Rule.TARGET_CHARACTERS);
      }
      if (c == '%' && (question < 0 || !Leniency.LONE_PERCENT_IN_QUERY)) {
        if (!Syntax.escape(target, i, length)) {
          return broken(Rule.TARGET_ESCAPE);
        }
        if (target.startsWith("00", i + 1)) {
          return broken(Rule.TARGET_NUL);
        }
      }
    }
    if (length > 0 && target.charAt(0) == '/') {
      return question < 0
          ? new RequestTarget(target, "", "", null)
          : new RequestTarget(
              target.substring(0, question), target.substring(question + 1), "", null);
    }
    if (target.equals("*")) {
      return method.equals("OPTIONS") ? ASTERISK : broken(Rule.TARGET_FORM);
    }
    return absolute(target, question);
  }

  private static RequestTarget absolute(String target, int question) {
    int scheme = target.indexOf("://");
    if (scheme < 0) {
      return broken(Rule.TARGET_FORM);
    }
    String name = target.substring(0, scheme).toLowerCase(Locale.ROOT);
    if (!name.equals("http") && !name.equals("https")) {
      return broken(Rule.TARGET_FORM);
    }
    int start = scheme + 3;
    int end = question < 0 ? target.length() : question;
    int slash = target.indexOf('/', start);
    int authorityEnd = slash < 0 || slash > end ? end : slash;
    String authority = target.substring(start, authorityEnd);
    // Also refuses user information (RFC 9110 section 4.2.4), which may only be meant to deceive.
    if (!Syntax.authority(authority)) {
      return broken(Rule.TARGET_FORM);
    }
    String path = authorityEnd == end ? "/" : target.substring(authorityEnd, end);
    String query = question < 0 ? "" : target.substring(question + 1);
    return new RequestTarget(path, query, authority, null);
  }

  private static RequestTarget broken(Rule rule) {
    return new RequestTarget("", "", "", rule);
  }

  /** The path with its escapes decoded as UTF-8. */
  String path() {
    int percent = rawPath.indexOf('%');
    if (percent < 0) {
      return rawPath;
    }
    byte[] bytes = new byte[rawPath.length()];
    int length = 0;
    for (int i = 0; i < rawPath.length(); i++) {
      char c = rawPath.charAt(i);
      if (c == '%') {
        bytes[length++] =
            (byte) (Syntax.hex(rawPath.charAt(i + 1)) << 4 | Syntax.hex(rawPath.charAt(i + 2)));
        i += 2;
      } else {
        bytes[length++] = (byte) c;
      }
    }
    return new String(bytes, 0, length, UTF_8);
  }
}
