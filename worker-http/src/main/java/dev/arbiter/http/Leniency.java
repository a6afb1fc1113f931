package dev.arbiter.http;

/**
 * What is let in although the grammar does not, or need not, allow it. Everything else that breaks
 * it is refused; {@link RequestRules.Rule} has the reasons. There is no setting for these; {@link
 * Permission} has what there is one for.
 */
public final class Leniency {

  /**
   * RFC 9112 section 2.2: empty lines before a request line are skipped, up to this many. Old
   * clients send one after a body; a stream of them is no request.
   */
  public static final int EMPTY_LINES = 2;

  /**
   * RFC 3986 section 2.1: a percent sign in a query need not begin an escape. {@code ?a=100%} is
   * common, and it is the app that decodes a query.
   */
  static final boolean LONE_PERCENT_IN_QUERY = true;

  /**
   * RFC 3986 section 2: a target may have any printable ASCII character, as in {@code /a|b} or
   * {@code /{id}}. Browsers send some of them; none has a meaning in a request line.
   */
  static final boolean UNWISE_TARGET_CHARACTERS = true;

  /**
   * RFC 9110 section 5.5: bytes above ASCII in a field's value are opaque data; the app sees each
   * as the character of its number.
   */
  static final boolean OPAQUE_VALUE_BYTES = true;

  /**
   * RFC 6455 section 3 has {@code ws} and {@code wss} for URIs alone, and a handshake is a request
   * of http or https. Some proxies (Traefik) say them in {@code X-Forwarded-Proto} and {@code
   * Forwarded} all the same; taken for nothing, an app behind TLS would be told http.
   */
  static final boolean WEBSOCKET_SCHEMES = true;

  /**
   * RFC 7301 section 3.2: a client that offers only protocols that are not spoken here SHALL be
   * refused with an alert. Netty can do no other with OpenSSL than speak HTTP/1.1 with it; with the
   * JDK's provider it is refused. Who cannot speak HTTP/1.1 either is refused by its first bytes.
   */
  public static final boolean UNKNOWN_ALPN_WITH_OPENSSL = true;

  private Leniency() {}
}
