package dev.arbiter.app;

import java.util.Locale;
import java.util.Set;

/** What may be sent after a body, and to whom (RFC 9110 section 6.5). */
public final class Trailers {

  /**
   * Fields that a recipient must know before the body, or that would be believed too late: framing,
   * routing, authentication, control data, and how the content is to be read (section 6.5.1).
   * Whoever merges trailers into the header, as the RFC warns, would be led astray by them.
   */
  private static final Set<String> FORBIDDEN =
      Set.of(
          "age",
          "allow",
          "authorization",
          "cache-control",
          "connection",
          "content-encoding",
          "content-length",
          "content-location",
          "content-range",
          "content-security-policy",
          "content-type",
          "date",
          "expires",
          "host",
          "keep-alive",
          "location",
          "proxy-authenticate",
          "proxy-connection",
          "retry-after",
          "set-cookie",
          "strict-transport-security",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "vary",
          "warning",
          "www-authenticate",
          "x-content-type-options",
          "x-frame-options");

  private Trailers() {}

  /**
   * {@return whether a field of this name may be a response's trailer}
   *
   * @param name in any case
   */
  public static boolean allows(String name) {
    return !FORBIDDEN.contains(name.toLowerCase(Locale.ROOT));
  }

  /**
   * {@return whether this client is sent trailers: from HTTP/1.1 on, and only if it says {@code TE:
   * trailers} (section 10.1.4)} One that does not may throw them away, or choke on them; an app
   * that must know can ask beforehand.
   *
   * @param request which the response is to answer
   */
  public static boolean sentTo(RequestHead request) {
    return sentTo(request.httpVersion(), request.headers());
  }

  /**
   * The same, of a request's version, as {@link RequestHead#httpVersion}, and its fields.
   *
   * @param version such as {@code HTTP/1.1}
   * @param headers of the request
   * @return whether this client is sent trailers
   */
  public static boolean sentTo(String version, Headers headers) {
    if (version.equals("HTTP/1.0")) {
      return false;
    }
    for (int i = 0; i < headers.size(); i++) {
      if (headers.name(i).equalsIgnoreCase("te")) {
        for (String member : headers.value(i).split(",", -1)) {
          if (member.strip().equalsIgnoreCase("trailers")) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
