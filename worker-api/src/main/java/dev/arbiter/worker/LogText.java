package dev.arbiter.worker;

/**
 * Makes a text fit for a log. What a client sends may come back in the message of an exception,
 * with its escapes decoded: it must neither look like a record that nobody wrote (CWE-117) nor
 * steer the terminal of whoever reads the log (CWE-150).
 *
 * <p>So characters that do not print are shown by their number, as {@code \x1b}: controls, the line
 * ends that only some programs take for one, and those that turn the direction of writing. A text
 * of several lines stays one, but each line after the first is indented, as no record is.
 */
public final class LogText {
  private static final String CONTINUED = "\n    ";
  private static final char[] HEX = "0123456789abcdef".toCharArray();
  private static final char ESC = 0x1b;

  private LogText() {}

  /**
   * {@return one record: further lines are indented}
   *
   * @param text of any number of lines
   */
  public static String record(String text) {
    return safe(text, CONTINUED, false);
  }

  /**
   * {@return a line that a program has printed} It may be coloured: who prints {@code ESC [ 32 m}
   * means the terminal. Everything else that a terminal would obey is shown.
   *
   * @param text one line, without its end
   */
  public static String printed(String text) {
    return safe(text, CONTINUED, true);
  }

  /**
   * {@return the same lines, each as it is but for what does not print}
   *
   * @param text of any number of lines
   */
  public static String lines(String text) {
    return safe(text, "\n", false);
  }

  /**
   * {@return one line, whatever is in it: a line's end is shown as {@code \n}}
   *
   * @param text of any number of lines
   */
  public static String line(String text) {
    return safe(text, "\\n", false);
  }

  private static String safe(String text, String lineEnd, boolean colours) {
    int clean = 0;
    while (clean < text.length() && isHarmless(text.charAt(clean))) {
      clean++;
    }
    if (clean == text.length()) {
      return text; // nearly always
    }
    StringBuilder safe = new StringBuilder(text.length() + 64).append(text, 0, clean);
    for (int i = clean; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isHarmless(c)) {
        safe.append(c);
      } else if (c == '\n') {
        safe.append(lineEnd);
      } else if (c == ESC && colours && colourEnd(text, i) > 0) {
        int end = colourEnd(text, i);
        safe.append(text, i, end);
        i = end - 1;
      } else if (c != '\r' || i + 1 == text.length() || text.charAt(i + 1) != '\n') {
        show(safe, c); // but for the CR of a line's end
      }
    }
    return safe.toString();
  }

  /**
   * {@return whether it prints, or is a tab, and has no other effect}
   *
   * @param c a character, or half of a surrogate pair
   */
  public static boolean isHarmless(char c) {
    return c >= ' ' && c < 0x7f || c == '\t' || c > 0x9f && !isFormat(c);
  }

  /** Line ends of Unicode, and what it has to change the direction of writing. */
  private static boolean isFormat(char c) {
    return c == 0x2028
        || c == 0x2029
        || c == 0x061c
        || c == 0x200e
        || c == 0x200f
        || c >= 0x202a && c <= 0x202e
        || c >= 0x2066 && c <= 0x2069
        || c == 0xfeff;
  }

  /** Where {@code ESC [ 1;32 m} ends that begins there; 0 if it is something else. */
  private static int colourEnd(String text, int from) {
    int i = from + 1;
    if (i >= text.length() || text.charAt(i) != '[') {
      return 0;
    }
    for (i++; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 'm') {
        return i + 1;
      }
      if (c != ';' && (c < '0' || c > '9')) {
        return 0;
      }
    }
    return 0;
  }

  private static void show(StringBuilder safe, char c) {
    if (c <= 0xff) {
      safe.append("\\x").append(HEX[c >> 4]).append(HEX[c & 15]);
      return;
    }
    safe.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      safe.append(HEX[c >> shift & 15]);
    }
  }
}
