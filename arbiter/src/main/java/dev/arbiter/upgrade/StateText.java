package dev.arbiter.upgrade;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Lines of {@code kind key=value ...}, for programs of different age: who reads skips the kinds and
 * keys it does not know and takes nothing for what is missing. Text, so that a person can read what
 * is carried over too.
 */
final class StateText {
  private StateText() {}

  /** One line. */
  static final class Line {
    private final String kind;
    private final Map<String, String> fields = new LinkedHashMap<>();

    Line(String kind) {
      this.kind = kind;
    }

    static Line parse(String text) {
      String[] words = text.split(" ");
      Line line = new Line(words[0]);
      for (int i = 1; i < words.length; i++) {
        int equals = words[i].indexOf('=');
        if (equals > 0) {
          line.fields.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
      }
      return line;
    }

    String kind() {
      return kind;
    }

    Line put(String key, String value) {
      fields.put(key, escape(value));
      return this;
    }

    Line put(String key, long value) {
      fields.put(key, Long.toString(value));
      return this;
    }

    Line put(String key, boolean value) {
      return put(key, value ? 1 : 0);
    }

    Line put(String key, Optional<Path> value) {
      return put(key, value.map(Path::toString).orElse(""));
    }

    /** A comma before each: so a list of one empty text differs from an empty list. */
    Line put(String key, Collection<String> values) {
      StringBuilder list = new StringBuilder();
      values.forEach(value -> list.append(',').append(escape(value)));
      fields.put(key, list.toString());
      return this;
    }

    String text(String key) {
      return unescape(fields.getOrDefault(key, ""));
    }

    long number(String key) {
      String text = fields.getOrDefault(key, "");
      return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    int small(String key) {
      return Math.toIntExact(number(key));
    }

    boolean flag(String key) {
      return number(key) != 0;
    }

    Optional<Path> path(String key) {
      return Optional.of(text(key)).filter(text -> !text.isEmpty()).map(Path::of);
    }

    List<String> list(String key) {
      String text = fields.getOrDefault(key, "");
      List<String> values = new ArrayList<>();
      if (!text.isEmpty()) {
        for (String item : text.substring(1).split(",", -1)) {
          values.add(unescape(item));
        }
      }
      return values;
    }

    /** Those of a kind. */
    static List<Line> all(String kind, List<Line> lines) {
      return lines.stream().filter(line -> line.kind().equals(kind)).toList();
    }

    /**
     * The one of a kind.
     *
     * @throws IllegalArgumentException there is none
     */
    static Line only(String kind, List<Line> lines) {
      return all(kind, lines).stream()
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no line of kind " + kind));
    }

    /** A constant by its name, if it is one that this arbiter knows. */
    static <E extends Enum<E>> Optional<E> constant(Class<E> type, String name) {
      return Arrays.stream(type.getEnumConstants())
          .filter(constant -> constant.name().equals(name))
          .findFirst();
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(kind);
      fields.forEach((key, value) -> text.append(' ').append(key).append('=').append(value));
      return text.toString();
    }
  }

  private static String escape(String value) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c <= ' ' || c == '%' || c == ',') {
        text.append('%').append(HexFormat.of().toHexDigits((byte) c));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  private static String unescape(String text) {
    StringBuilder value = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '%' && i + 2 < text.length()) {
        value.append((char) HexFormat.fromHexDigits(text, i + 1, i + 3));
        i += 2;
      } else {
        value.append(text.charAt(i));
      }
    }
    return value.toString();
  }
}
