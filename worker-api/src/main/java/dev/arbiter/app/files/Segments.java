package dev.arbiter.app.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A path, taken apart at its slashes before its escapes are decoded, so that an escaped slash is a
 * character of a name and never one more step.
 *
 * @param names decoded
 * @param folder whether it ends with a slash
 */
record Segments(List<String> names, boolean folder) {

  /** Of a path as it was sent, {@code /a/b%20c}; one without a slash in front has no names. */
  static Segments of(String rawPath) {
    if (!rawPath.startsWith("/")) {
      return new Segments(List.of(), false);
    }
    List<String> names = new ArrayList<>();
    for (String raw : rawPath.substring(1).split("/", -1)) {
      names.add(decode(raw));
    }
    boolean folder = names.getLast().isEmpty();
    return new Segments(folder ? names.subList(0, names.size() - 1) : names, folder);
  }

  private static String decode(String raw) {
    if (raw.indexOf('%') < 0) {
      return raw;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      int high = c == '%' && i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
      int low = high >= 0 ? Character.digit(raw.charAt(i + 2), 16) : -1;
      if (low >= 0) {
        bytes.write(high << 4 | low);
        i += 2;
      } else {
        bytes.write(c);
      }
    }
    return bytes.toString(UTF_8);
  }

  boolean startsWith(List<String> prefix) {
    return names.size() >= prefix.size() && names.subList(0, prefix.size()).equals(prefix);
  }

  /** What follows a prefix of that many names. */
  Segments after(int count) {
    return new Segments(names.subList(count, names.size()), folder);
  }

  /** Whether each name is one of a file, and of none that is hidden unless those are shown. */
  boolean harmless(boolean hiddenToo) {
    return names.stream().allMatch(name -> harmless(name, hiddenToo));
  }

  private static boolean harmless(String name, boolean hiddenToo) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && (hiddenToo || !name.startsWith("."))
        && name.chars()
            .noneMatch(c -> c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == '\ufffd');
  }
}
