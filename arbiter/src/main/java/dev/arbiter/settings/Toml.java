package dev.arbiter.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Writes TOML values; {@link TomlFile} reads them. */
final class Toml {

  private Toml() {}

  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                  if (c < 0x20 || c == 0x7f) {
                    quoted.append("\\u%04x".formatted(c));
                  } else {
                    quoted.appendCodePoint(c);
                  }
                }
              }
            });
    return quoted.append('"').toString();
  }

  static String array(List<String> shown) {
    return shown.stream().collect(Collectors.joining(", ", "[", "]"));
  }
}
