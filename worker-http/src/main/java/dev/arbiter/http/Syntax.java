package dev.arbiter.http;

import dev.arbiter.worker.AddressList;

/** The character classes of RFC 9110 section 5.6 and RFC 3986, as tables. */
public final class Syntax {
  private static final boolean[] TOKEN = new boolean[128];
  private static final boolean[] HOST = new boolean[128];

  static {
    for (char c = '0'; c <= '9'; c++) {
      TOKEN[c] = true;
      HOST[c] = true;
    }
    for (char c = 'a'; c <= 'z'; c++) {
      TOKEN[c] = true;
      TOKEN[c - 'a' + 'A'] = true;
      HOST[c] = true;
      HOST[c - 'a' + 'A'] = true;
    }
    for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
      TOKEN[c] = true;
    }
    for (char c : "-._~%!$&'()*+;=".toCharArray()) {
      HOST[c] = true;
    }
  }

  private Syntax() {}

  /** Whether it is a token, RFC 9110 section 5.6.2. */
  public static boolean token(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 128 || !TOKEN[c]) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  static boolean tokenCharacter(int c) {
    return c >= 0 && c < 128 && TOKEN[c];
  }

  /** Whether it has no control character but the tab; see {@link Leniency#OPAQUE_VALUE_BYTES}. */
  static boolean fieldValue(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || (c > 0x7f && !Leniency.OPAQUE_VALUE_BYTES)) {
        return false;
      }
    }
    return true;
  }

  static int hex(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    char lower = (char) (c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  static boolean escape(String text, int percent, int end) {
    return percent + 2 < end
        && hex(text.charAt(percent + 1)) >= 0
        && hex(text.charAt(percent + 2)) >= 0;
  }

  /**
   * {@code uri-host [":" port]}, RFC 9110 section 7.2, with a name or address that is not empty.
   */
  static boolean authority(String text) {
    int end = text.length();
    int name;
    if (end > 0 && text.charAt(0) == '[') {
      name = text.indexOf(']') + 1;
      if (name < 4 || !addressV6(text, 1, name - 1)) {
        return false;
      }
    } else {
      name = 0;
      while (name < end && text.charAt(name) < 128 && HOST[text.charAt(name)]) {
        if (text.charAt(name) == '%' && !escape(text, name, end)) {
          return false;
        }
        name++;
      }
      if (name == 0) {
        return false;
      }
    }
    return name == end || (text.charAt(name) == ':' && port(text, name + 1));
  }

  private static boolean addressV6(String text, int from, int to) {
    if (!Leniency.LOOSE_IPV6_HOST && AddressList.literal(text.substring(from, to)) == null) {
      return false;
    }
    boolean colon = false;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      colon |= c == ':';
      if (hex(c) < 0 && c != ':' && c != '.') {
        return false;
      }
    }
    return colon;
  }

  private static boolean port(String text, int from) {
    int port = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return false;
      }
      port = port * 10 + (c - '0');
      if (port > 65535) {
        return false;
      }
    }
    return true;
  }
}
