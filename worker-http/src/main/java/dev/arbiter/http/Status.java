package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;

/** What there is to know of a status code. */
public final class Status {
  private static final String[] REASONS = new String[600];
  private static final byte[][] LINES = new byte[600][];

  static {
    String[] known = {
      "100 Continue",
      "101 Switching Protocols",
      "102 Processing",
      "103 Early Hints",
      "200 OK",
      "201 Created",
      "202 Accepted",
      "203 Non-Authoritative Information",
      "204 No Content",
      "205 Reset Content",
      "206 Partial Content",
      "207 Multi-Status",
      "208 Already Reported",
      "226 IM Used",
      "300 Multiple Choices",
      "301 Moved Permanently",
      "302 Found",
      "303 See Other",
      "304 Not Modified",
      "305 Use Proxy",
      "307 Temporary Redirect",
      "308 Permanent Redirect",
      "400 Bad Request",
      "401 Unauthorized",
      "402 Payment Required",
      "403 Forbidden",
      "404 Not Found",
      "405 Method Not Allowed",
      "406 Not Acceptable",
      "407 Proxy Authentication Required",
      "408 Request Timeout",
      "409 Conflict",
      "410 Gone",
      "411 Length Required",
      "412 Precondition Failed",
      "413 Content Too Large",
      "414 URI Too Long",
      "415 Unsupported Media Type",
      "416 Range Not Satisfiable",
      "417 Expectation Failed",
      "418 I'm a Teapot",
      "421 Misdirected Request",
      "422 Unprocessable Content",
      "423 Locked",
      "424 Failed Dependency",
      "425 Too Early",
      "426 Upgrade Required",
      "428 Precondition Required",
      "429 Too Many Requests",
      "431 Request Header Fields Too Large",
      "451 Unavailable For Legal Reasons",
      "500 Internal Server Error",
      "501 Not Implemented",
      "502 Bad Gateway",
      "503 Service Unavailable",
      "504 Gateway Timeout",
      "505 HTTP Version Not Supported",
      "506 Variant Also Negotiates",
      "507 Insufficient Storage",
      "508 Loop Detected",
      "511 Network Authentication Required"
    };
    for (String status : known) {
      REASONS[Integer.parseInt(status.substring(0, 3))] = status.substring(4);
    }
    for (int code = 100; code < 600; code++) {
      if (REASONS[code] == null) {
        REASONS[code] = "Unknown";
      }
      LINES[code] = ("HTTP/1.1 " + code + " " + REASONS[code] + "\r\n").getBytes(US_ASCII);
    }
  }

  private Status() {}

  /** The reason phrase of {@code code}, 100 to 599. */
  public static String reason(int code) {
    return REASONS[code];
  }

  /**
   * The status line with its end, ready to be sent; not to be changed. Always HTTP/1.1, as a server
   * announces its own version (RFC 9110 section 2.5).
   */
  public static byte[] line(int code) {
    return LINES[code];
  }

  /** Whether a response of this status never has a body (RFC 9110 section 6.4.1). */
  public static boolean bodiless(int code) {
    return code < 200 || code == 204 || code == 304;
  }

  /** What a client is told when its request was refused. */
  public static Response response(Refusal refusal) {
    Response error = error(refusal.status(), refusal.reason());
    // RFC 9110 section 10.2.3. A second: what is under way now has mostly been answered by then.
    return refusal.status() == 503
        ? new Response(503, error.headers().with("retry-after", "1"), error.body())
        : error;
  }

  /** A short answer in plain text; {@code detail} may be empty. */
  public static Response error(int status, String detail) {
    String text = status + " " + reason(status) + (detail.isEmpty() ? "\n" : ": " + detail + "\n");
    return new Response(
        status,
        Headers.of("content-type", "text/plain; charset=utf-8"),
        new Response.Body.Bytes(text.getBytes(UTF_8)));
  }
}
