package dev.arbiter.app.files;

import dev.arbiter.app.Headers;
import java.util.Locale;

/** Whether a client takes a content coding (RFC 9110 section 12.5.3). */
final class AcceptEncoding {
  private AcceptEncoding() {}

  /** Only what is named, or covered by an asterisk, with a weight above 0. */
  static boolean takes(Headers headers, String coding) {
    boolean other = false;
    for (String field : headers.all("accept-encoding")) {
      for (String element : field.toLowerCase(Locale.ROOT).split(",")) {
        String[] parts = element.strip().split(";", 2);
        boolean wanted = parts.length == 1 || !parts[1].strip().matches("q=0(\\.0{0,3})?");
        if (parts[0].strip().equals(coding)) {
          return wanted;
        }
        other |= parts[0].strip().equals("*") && wanted;
      }
    }
    return other;
  }
}
