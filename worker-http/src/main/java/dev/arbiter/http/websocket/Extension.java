package dev.arbiter.http.websocket;

import dev.arbiter.http.Syntax;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One extension a client offers, RFC 6455 section 9.1.
 *
 * @param parameters in the order they came
 */
record Extension(String name, List<Parameter> parameters) {

  /**
   * One of an extension's parameters.
   *
   * @param value without quotes; null if there is none
   */
  record Parameter(String name, @Nullable String value) {}

  /** The offers of all header fields together; null if one is malformed. */
  static @Nullable List<Extension> parse(List<String> values) {
    List<Extension> offers = new ArrayList<>();
    for (String value : values) {
      // A quoted value must be a token once unquoted, so neither separator can be inside.
      for (String offer : value.split(",", -1)) {
        Extension extension = one(offer.split(";", -1));
        if (extension == null) {
          return null;
        }
        offers.add(extension);
      }
    }
    return offers;
  }

  private static @Nullable Extension one(String[] parts) {
    String name = parts[0].strip();
    if (!Syntax.token(name)) {
      return null;
    }
    List<Parameter> parameters = new ArrayList<>();
    for (int i = 1; i < parts.length; i++) {
      Parameter parameter = parameter(parts[i].strip());
      if (parameter == null) {
        return null;
      }
      parameters.add(parameter);
    }
    return new Extension(name, parameters);
  }

  private static @Nullable Parameter parameter(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      return Syntax.token(text) ? new Parameter(text, null) : null;
    }
    String name = text.substring(0, equals).strip();
    String value = text.substring(equals + 1).strip();
    if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
      value = value.substring(1, value.length() - 1);
    }
    return Syntax.token(name) && Syntax.token(value) ? new Parameter(name, value) : null;
  }
}
