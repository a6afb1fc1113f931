package dev.arbiter.tests;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A response as it came over the wire.
 *
 * @param headers names in lower case, values in order
 * @param body one char per byte
 * @param close whether the connection ends after it
 */
record Answer(
    String version, int status, Map<String, List<String>> headers, String body, boolean close) {

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)))
        .flatMap(values -> values.stream().findFirst());
  }

  /** The body as a number, as {@code /pid} answers. */
  long number() {
    return Long.parseLong(body.strip());
  }
}
