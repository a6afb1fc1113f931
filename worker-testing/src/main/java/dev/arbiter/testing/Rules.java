package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Trailers;

/** What a worker checks in an app's response. */
final class Rules {
  private Rules() {}

  /**
   * Checks status and fields (RFC 9110 section 5).
   *
   * @throws IllegalArgumentException as a worker has it
   */
  static void requireValid(int status, Headers headers) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException(
          "The app's status is " + status + "; it must be 200 to 599.");
    }
    requireValid(headers);
  }

  /**
   * Checks an interim response (RFC 9110 section 15.2).
   *
   * @throws IllegalArgumentException as a worker has it
   */
  static void requireInterim(int status, Headers headers) {
    if (status < 102 || status > 199) {
      throw new IllegalArgumentException(
          "The app's interim status is " + status + "; it must be 102 to 199.");
    }
    requireValid(headers);
  }

  /**
   * Checks trailers (RFC 9110 section 6.5.1).
   *
   * @throws IllegalArgumentException as a worker has it
   */
  static Headers requireTrailers(Headers trailers) {
    trailers.forEach(
        (name, _) -> {
          if (!Trailers.allows(name)) {
            throw new IllegalArgumentException(
                "The app's response has a trailer that is not allowed there: " + name);
          }
        });
    requireValid(trailers);
    return trailers;
  }

  private static void requireValid(Headers headers) {
    headers.forEach(
        (name, value) -> {
          if (name.isEmpty() || !name.chars().allMatch(Rules::token)) {
            throw new IllegalArgumentException(
                "The app's response has a malformed header name: " + name);
          }
          if (!value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f && c <= 0xff))) {
            throw new IllegalArgumentException(
                "The app's response header " + name + " has an illegal character: " + value);
          }
        });
  }

  private static boolean token(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
  }

  /**
   * What Content-Length says; -1 without one.
   *
   * @throws IllegalArgumentException it is malformed, or there are two that differ
   */
  static long declaredLength(Headers headers) {
    long length = -1;
    for (String value : headers.all("content-length")) {
      if (!value.matches("[0-9]{1,18}") || (length >= 0 && length != Long.parseLong(value))) {
        throw new IllegalArgumentException(
            "The app's response has a malformed or repeated Content-Length: " + value);
      }
      length = Long.parseLong(value);
    }
    return length;
  }
}
