package dev.arbiter.http;

/**
 * What is let in although the grammar does not, or need not, allow it. Everything else that breaks
 * it is refused; {@link RequestRules.Rule} has the reasons. There is no setting for these; {@link
 * Permission} has what there is one for. What only files have a use for (dates, ranges, tags) has
 * its own where it is read, in {@code dev.arbiter.app.files}.
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

  /**
   * RFC 3986 section 3.2.2: an IPv6 address in a {@code Host} is judged by its characters and one
   * colon, not by its groups. Nobody connects to it: it comes back in links, where it can do no
   * more harm than a name that does not exist.
   */
  static final boolean LOOSE_IPV6_HOST = true;

  /**
   * RFC 9110 sections 7.6.1 and 7.8: what is no token among the members of {@code Connection} and
   * {@code Upgrade} is passed over like a token that nobody knows. Both only ever ask for something
   * that need not be done.
   */
  static final boolean UNREAD_OPTIONS = true;

  /**
   * RFC 7239 section 4: white space around a semicolon of {@code Forwarded}. The grammar has none
   * there; the examples of the same RFC have, and so have proxies.
   */
  static final boolean BLANKS_IN_FORWARDED = true;

  /**
   * RFC 7239 section 6: an IPv6 address is in brackets. One without, in quotes and without a port,
   * can mean nothing else, and proxies write it as they do in {@code X-Forwarded-For}.
   */
  static final boolean BARE_IPV6_IN_FORWARDED = true;

  /**
   * RFC 9113 section 8.3.1: {@code :scheme} must be there and may be anything. It is not believed,
   * so whether it is one, and that of the connection, is nobody's concern: proxies that end TLS
   * pass on either.
   */
  public static final boolean ANY_SCHEME = true;

  /**
   * RFC 7540 section 3.2.1: {@code HTTP2-Settings} has no padding, and here it may. The encoding is
   * old and its libraries differ; nothing else can be read from the same bytes.
   */
  public static final boolean PADDED_SETTINGS = true;

  /**
   * RFC 4648 section 3.5: the bits of a {@code Sec-WebSocket-Key} beyond its sixteen bytes should
   * be zero, and a decoder may look. The key is hashed as it was written (RFC 6455 section 4.2.2),
   * so they change nothing.
   */
  public static final boolean SPARE_BITS_IN_KEY = true;

  /**
   * PROXY protocol, section 2.2: of a preamble that names nobody (UNSPEC) what follows is passed
   * over unread, a checksum (section 2.2.3) included. There is nothing that it could vouch for.
   */
  static final boolean UNREAD_VALUES_OF_NOBODY = true;

  private Leniency() {}
}
