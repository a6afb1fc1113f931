package dev.arbiter.http;

import dev.arbiter.worker.WorkerSettings;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a request must keep beyond what a parser checks, as named rules with their sections, and the
 * limits that are settings. Works on plain strings, so that every kind of worker refuses the same
 * requests whatever library reads them. Immutable; {@link IncomingHead} applies it.
 *
 * @param line longest request line, in bytes
 * @param fields most header fields
 * @param fieldSize longest header field, name and value, in bytes
 * @param body longest body in bytes, 0 for no limit
 * @param underscores what becomes of a field whose name has an underscore
 * @param forwarderNames those of such names, in lower case, that a trusted proxy may send all the
 *     same; {@code *} for all of them
 * @param secureSchemes fields, by names in lower case, by which a trusted proxy says that it was
 *     asked by https: with exactly this value, and by http with any other
 * @param permissions what the operator lets in all the same
 */
public record RequestRules(
    int line,
    int fields,
    int fieldSize,
    long body,
    RequestRules.Underscores underscores,
    Set<String> forwarderNames,
    Map<String, String> secureSchemes,
    Set<Permission> permissions) {

  /**
   * All fields of a request together. A hundred fields of eight kilobytes are each within their
   * limits, but as many connections would fill a small heap.
   */
  public static final int HEAD_SIZE = 64 * 1024;

  /**
   * A chunk's size and its extensions, in bytes. A signature fits; what is longer is meant to cost
   * (RFC 9112 section 7.1.1).
   */
  public static final int CHUNK_LINE = 1024;

  /** A rule that can be broken, what is answered, and where it is written. */
  public enum Rule {
    /** RFC 9112 section 3: one space between the parts, no other white space. */
    REQUEST_LINE(400, "malformed request line"),
    /** RFC 9112 section 3: a server may limit it. */
    REQUEST_LINE_SIZE(414, "request line too long"),
    /** RFC 9110 section 9.1: a method is a token. */
    METHOD(400, "malformed method"),
    /**
     * Not in an RFC: methods are case-sensitive and all registered ones are upper-case. {@code get}
     * is a mistake or a probe; passed on, it would miss every check an app makes for {@code GET}.
     */
    METHOD_CASE(400, "method is not upper-case"),
    /** RFC 9110 section 9.3.6: only a proxy makes tunnels. */
    CONNECT(501, "CONNECT is not supported"),
    /** RFC 9112 section 2.3: digits, exactly so. */
    VERSION(400, "malformed HTTP version"),
    /** RFC 9110 section 15.6.6. */
    VERSION_UNSUPPORTED(505, "HTTP version is not supported"),
    /** RFC 3986 section 2: printable ASCII only; others come as escapes. */
    TARGET_CHARACTERS(400, "target has a character that is not printable ASCII"),
    /** RFC 9112 section 3.2: a fragment is not part of a target. */
    TARGET_FRAGMENT(400, "target has a fragment"),
    /** RFC 9112 section 3.2: origin form, absolute form, or an asterisk with OPTIONS. */
    TARGET_FORM(400, "malformed target"),
    /** RFC 3986 section 2.1: an escape is a percent sign and two hex digits. */
    TARGET_ESCAPE(400, "target has a malformed escape"),
    /**
     * Not in an RFC (3986 section 7.3 warns of it): no path has a NUL in its name, and code that
     * takes one for the end sees another path than the code that checked it.
     */
    TARGET_NUL(400, "target has an escaped NUL"),
    /** RFC 9112 section 5.1: a name is a token, directly followed by a colon. */
    FIELD_NAME(400, "malformed header name"),
    /** RFC 9110 section 5.5: no control characters. */
    FIELD_VALUE(400, "header value has a control character"),
    /** RFC 9112 section 5.2: a server must refuse a folded line or replace it. */
    FIELD_FOLDED(400, "folded header line"),
    /** Not in an RFC: CGI and WSGI write both X-Y and X_Y as X_Y, so one can pose as the other. */
    FIELD_UNDERSCORE(400, "header name has an underscore"),
    /** RFC 6585 section 5. */
    FIELD_COUNT(431, "too many header fields"),
    /** RFC 6585 section 5. */
    FIELD_SIZE(431, "header field too long"),
    /** RFC 6585 section 5. */
    HEAD_SIZE(431, "header fields too long together"),
    /**
     * Not in an RFC: two fields of {@code --secure-scheme-headers} that differ. One of them is a
     * client's that its proxy has let through, and nobody can tell which.
     */
    SCHEME_CONTRADICTORY(400, "contradictory scheme headers"),
    /** RFC 9112 section 3.2: exactly one in HTTP/1.1. */
    HOST_MISSING(400, "no Host header"),
    /** RFC 9112 section 3.2. */
    HOST_REPEATED(400, "more than one Host header"),
    /** RFC 9110 section 7.2: a host name or address and perhaps a port. */
    HOST_MALFORMED(400, "malformed Host header"),
    /** RFC 9112 section 6.3: digits, once. */
    CONTENT_LENGTH(400, "malformed Content-Length"),
    /** RFC 9112 section 6.3: equal ones may be merged; a sender of two is not trusted here. */
    CONTENT_LENGTH_REPEATED(400, "more than one Content-Length"),
    /** RFC 9112 section 6.1: the mark of request smuggling. */
    CONTENT_LENGTH_AND_TRANSFER_ENCODING(400, "both Content-Length and Transfer-Encoding"),
    /** RFC 9112 section 6.1: HTTP/1.0 does not know it, so the framing is faulty. */
    TRANSFER_ENCODING_IN_1_0(400, "Transfer-Encoding in HTTP/1.0"),
    /**
     * RFC 9112 section 6.3: without a final chunked the length cannot be known. An empty member of
     * the list counts as a coding, which RFC 9110 section 5.6.1 would have ignored: what stands
     * before this server may not ignore it.
     */
    TRANSFER_ENCODING_FINAL(400, "the final transfer coding is not chunked, once"),
    /** RFC 9112 section 6.1: a coding that is not understood. */
    TRANSFER_ENCODING_UNKNOWN(501, "transfer coding is not supported"),
    /** RFC 9110 section 10.1.1: 100-continue is the only one there is. */
    EXPECTATION(417, "expectation is not supported"),
    /** RFC 9110 section 15.5.14. */
    BODY_SIZE(413, "body too long"),
    /**
     * RFC 9112 section 7.1. White space around the parts of an extension, which its section 7.1.1
     * has a recipient skip, is refused: nobody sends it but to see what ends a size. So are bytes
     * beyond ASCII in quotes, which RFC 9110 section 5.6.4 allows: Netty's decoder takes none. So
     * are more than sixteen digits of a size, which can only be zeros: Jetty's parser takes none.
     */
    CHUNK(400, "malformed chunk"),
    /** RFC 9110 section 4.2.2: https is another origin; such a client meant another port. */
    PLAIN_ON_TLS(400, "this port speaks TLS: use https"),
    /**
     * RFC 9112 section 7.1.1: a limit on extensions, and on what chunks weigh beside their data.
     */
    CHUNK_SIZE(400, "too much around the data of chunks"),
    /** RFC 9110 section 6.5.1: a field that must be known before the body. */
    TRAILER_FORBIDDEN(400, "field is not allowed in trailers"),
    /** RFC 9112 section 2.2: what the parser itself refused. */
    SYNTAX(400, "malformed request"),
    /** RFC 9110 section 15.5.9: the head did not come in time. */
    TIMEOUT(408, "request not received in time"),
    /** RFC 9110 section 15.5.9: the next part of the body did not come in time. */
    BODY_TIMEOUT(408, "request body not received in time"),
    /** RFC 9110 section 15.6.4: as many requests are under way as may be. */
    BUSY(503, "too many requests are under way"),
    /** RFC 9110 section 15.6.4: the app has had the time there was. */
    LEAVING(503, "not answered in time, and the worker ends");

    private final int status;
    private final String reason;

    Rule(int status, String reason) {
      this.status = status;
      this.reason = reason;
    }

    /** What is answered when the rule is broken. */
    public Refusal refusal() {
      return new Refusal(status, reason);
    }
  }

  /** What becomes of a field whose name has an underscore; see {@link Rule#FIELD_UNDERSCORE}. */
  public enum Underscores {
    /** The field is left out. */
    DROP,
    /** The request is refused. */
    REFUSE,
    /** The field is passed on. */
    DANGEROUS
  }

  /** The defaults. */
  public static final RequestRules STANDARD =
      new RequestRules(4094, 100, 8190, 0, Underscores.DROP);

  /** Rules that a proxy has to keep like everyone else. */
  public RequestRules(int line, int fields, int fieldSize, long body, Underscores underscores) {
    this(line, fields, fieldSize, body, underscores, Set.of(), Map.of(), Set.of());
  }

  /** As the operator set them. A limit of 0 is no limit beyond {@link #HEAD_SIZE}. */
  public static RequestRules from(WorkerSettings settings) {
    return new RequestRules(
        limit(settings.number("limit-request-line", STANDARD.line)),
        limit(settings.number("limit-request-fields", STANDARD.fields)),
        limit(settings.number("limit-request-field-size", STANDARD.fieldSize)),
        settings.number("limit-request-body", STANDARD.body),
        Underscores.valueOf(settings.text("header-map").orElse("drop").toUpperCase(Locale.ROOT)),
        names(settings.text("forwarder-headers").orElse("")),
        schemes(settings.text("secure-scheme-headers").orElse("")),
        Permission.from(settings));
  }

  /** Lines of {@code NAME=VALUE}. */
  private static Map<String, String> schemes(String lines) {
    Map<String, String> schemes = new HashMap<>();
    for (String line : lines.lines().toList()) {
      int equals = line.indexOf('=');
      schemes.put(
          line.substring(0, equals).strip().toLowerCase(Locale.ROOT),
          line.substring(equals + 1).strip());
    }
    return Map.copyOf(schemes);
  }

  private static Set<String> names(String list) {
    return Stream.of(list.toLowerCase(Locale.ROOT).split("[,\\s]+"))
        .filter(name -> !name.isEmpty())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether a trusted proxy may send a field of this name although it has an underscore. */
  boolean lets(String name) {
    return forwarderNames.contains(name.toLowerCase(Locale.ROOT)) || forwarderNames.contains("*");
  }

  /** Whether the operator lets this in. */
  public boolean permits(Permission permission) {
    return permissions.contains(permission);
  }

  private static int limit(long setting) {
    return setting <= 0 ? HEAD_SIZE : (int) Math.min(setting, HEAD_SIZE);
  }
}
