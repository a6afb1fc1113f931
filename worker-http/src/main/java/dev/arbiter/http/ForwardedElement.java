package dev.arbiter.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What one proxy says in {@code Forwarded} (RFC 7239 section 4).
 *
 * @param node whom it forwards ({@code for}), not judged yet; null if it does not say
 * @param host the {@code Host} it received; null if it does not say
 * @param proto the scheme it was asked by; null if it does not say
 */
record ForwardedElement(@Nullable String node, @Nullable String host, @Nullable String proto) {

  /**
   * The elements of one field, the last proxy's last; null if it is malformed anywhere. See {@link
   * Leniency#BLANKS_IN_FORWARDED}.
   */
  static @Nullable List<ForwardedElement> parse(String field) {
    return new Parser(field).elements();
  }

  /** Reads one field. One use. */
  private static final class Parser {
    private final String text;
    private int at;
    private @Nullable String node;
    private @Nullable String host;
    private @Nullable String proto;
    private boolean by;
    private boolean any;

    Parser(String text) {
      this.text = text;
    }

    @Nullable List<ForwardedElement> elements() {
      List<ForwardedElement> elements = new ArrayList<>();
      while (true) {
        blanks();
        if (!ends(";,") && !pair()) {
          return null;
        }
        blanks();
        if (at == text.length() || text.charAt(at) == ',') {
          if (any) {
            elements.add(new ForwardedElement(node, host, proto));
            node = null;
            host = null;
            proto = null;
            by = false;
            any = false;
          }
          if (at == text.length()) {
            return elements;
          }
        } else if (text.charAt(at) != ';' || !(Leniency.BLANKS_IN_FORWARDED || tight())) {
          return null;
        }
        at++;
      }
    }

    private void blanks() {
      while (blank(at)) {
        at++;
      }
    }

    /** Whether the semicolon here has no blank beside it. */
    private boolean tight() {
      return !blank(at - 1) && !blank(at + 1);
    }

    private boolean blank(int index) {
      return index >= 0
          && index < text.length()
          && (text.charAt(index) == ' ' || text.charAt(index) == '\t');
    }

    private boolean ends(String marks) {
      return at == text.length() || marks.indexOf(text.charAt(at)) >= 0;
    }

    private boolean pair() {
      int start = at;
      while (!ends("=;, \t\"")) {
        at++;
      }
      String name = text.substring(start, at);
      if (!Syntax.token(name) || at == text.length() || text.charAt(at) != '=') {
        return false;
      }
      at++;
      String value = at < text.length() && text.charAt(at) == '"' ? quoted() : token();
      return value != null && keep(name.toLowerCase(Locale.ROOT), value);
    }

    /** Section 4: each parameter must not occur more than once for each element. */
    private boolean keep(String name, String value) {
      any = true;
      return switch (name) {
        case "for" -> {
          boolean first = node == null;
          node = value;
          yield first;
        }
        case "host" -> {
          boolean first = host == null;
          host = value;
          yield first;
        }
        case "proto" -> {
          boolean first = proto == null;
          proto = value;
          yield first;
        }
        case "by" -> {
          boolean first = !by;
          by = true;
          yield first;
        }
        default -> true;
      };
    }

    private @Nullable String token() {
      int start = at;
      while (!ends(";, \t")) {
        at++;
      }
      String value = text.substring(start, at);
      return Syntax.token(value) ? value : null;
    }

    /** RFC 9110 section 5.6.4. Null if it is not closed. */
    private @Nullable String quoted() {
      StringBuilder value = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') {
          at++;
          return value.toString();
        }
        if (c == '\\' && ++at == text.length()) {
          return null;
        }
        value.append(text.charAt(at));
      }
      return null;
    }
  }
}
