package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Trailers;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the bytes of a response's head and decides how its body is framed: that is the worker's
 * business, whatever the app says of it. Used again for each response; not thread-safe, so each
 * loop or thread has its own.
 */
public final class ResponseHead {

  /** How the end of a body is told (RFC 9112 section 6.3). */
  public enum Framing {
    /** There is no body: HEAD, 204, 205, 304. */
    NONE,
    /** By its length, which was announced. */
    LENGTH,
    /** In chunks. */
    CHUNKED,
    /** By the end of the connection, for HTTP/1.0. */
    UNTIL_CLOSE
  }

  private static final byte[] CLOSE = "Connection: close\r\n".getBytes(US_ASCII);
  private static final byte[] CLOSE_UPGRADE = "Connection: close, upgrade\r\n".getBytes(US_ASCII);
  private static final byte[] UPGRADE =
      "Connection: Upgrade\r\nUpgrade: websocket\r\n".getBytes(US_ASCII);
  private static final byte[] KEEP = "Connection: keep-alive\r\n".getBytes(US_ASCII);
  private static final byte[] KEEP_UPGRADE = "Connection: upgrade\r\n".getBytes(US_ASCII);
  private static final byte[] CHUNKED = "Transfer-Encoding: chunked\r\n".getBytes(US_ASCII);
  private static final byte[] LENGTH = "Content-Length: ".getBytes(US_ASCII);
  private static final byte[] LAST_CHUNK = "0\r\n".getBytes(US_ASCII);
  private static final byte[] SERVER = "Server: arbiter\r\n".getBytes(US_ASCII);

  /** What an interim response has no business with (RFC 9110 sections 7.6.1, 8.6 and 15.2). */
  private static final Set<String> NOT_INTERIM =
      Set.of(
          "connection",
          "content-length",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private final boolean serverHeader;
  private final boolean dateHeader;
  private final Headers defaults;
  private byte[] bytes = new byte[512];
  private int length;
  private Framing framing = Framing.NONE;
  private boolean keepAlive;
  private boolean dated;
  private boolean named;
  private boolean upgrade;
  private boolean upgradeRequired;
  private @Nullable String announcedTrailers;
  private Set<String> connectionFields = Set.of();
  private long bodyLength;

  /** A head that adds {@code Server}, {@code Date} and {@code --header} as the settings say. */
  public ResponseHead(HttpSettings settings) {
    this.serverHeader = settings.serverHeader();
    this.dateHeader = settings.dateHeader();
    this.defaults = settings.headers();
  }

  /**
   * Makes a head.
   *
   * @param request what is answered
   * @param known the length of the body, or -1 if it is still being made
   * @param keep whether the connection may be kept; the response may still end it
   * @throws IllegalArgumentException if the app's status or a field is not valid
   * @throws IllegalStateException if the app declared another length than {@code known}
   */
  public void encode(IncomingHead request, int status, Headers headers, long known, boolean keep) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException(
          "The app's status is " + status + "; it must be 200 to 599.");
    }
    keepAlive = keep;
    begin(status, headers);
    frame(request, status, known);
    standing();
    if (!keepAlive) {
      // A server that sends Upgrade says so in Connection (RFC 9110 section 7.8).
      put(upgrade ? CLOSE_UPGRADE : CLOSE);
    } else if (upgrade) {
      put(KEEP_UPGRADE);
    } else if (!request.http11()) {
      put(KEEP);
    }
    put('\r');
    put('\n');
  }

  /**
   * Makes the head of a 101 (RFC 9110 section 15.2.2): after it the connection speaks WebSocket.
   *
   * @param headers of the app
   * @param agreed what the protocol itself has to say
   * @throws IllegalArgumentException if a field is not valid
   */
  public void encodeSwitch(Headers headers, Headers agreed) {
    keepAlive = true;
    begin(101, headers);
    put(UPGRADE);
    for (int i = 0; i < agreed.size(); i++) {
      field(agreed.name(i), agreed.value(i));
    }
    standing();
    framing = Framing.NONE;
    bodyLength = 0;
    put('\r');
    put('\n');
  }

  /**
   * Makes an interim response: a head that has no body, and after which the response still comes.
   *
   * @throws IllegalArgumentException if the app's status or a field is not valid
   */
  public void encodeInformational(int status, Headers headers) {
    if (status < 102 || status > 199) {
      throw new IllegalArgumentException(
          "The app's interim status is " + status + "; it must be 102 to 199.");
    }
    length = 0;
    put(Status.line(status));
    for (int i = 0; i < headers.size(); i++) {
      if (!NOT_INTERIM.contains(headers.name(i).toLowerCase(Locale.ROOT))) {
        line(headers.name(i), headers.value(i));
      }
    }
    put('\r');
    put('\n');
  }

  /**
   * Makes the end of a chunked body: its last chunk and the trailer section (RFC 9112 section
   * 7.1.2). What was said of the response's head stays.
   *
   * @throws IllegalArgumentException if a field is not valid or not allowed there
   */
  public void encodeTrailers(Headers trailers) {
    length = 0;
    put(LAST_CHUNK);
    for (int i = 0; i < trailers.size(); i++) {
      if (!Trailers.allows(trailers.name(i))) {
        throw new IllegalArgumentException(
            "The app's response has a trailer that is not allowed there: " + trailers.name(i));
      }
      line(trailers.name(i), trailers.value(i));
    }
    put('\r');
    put('\n');
  }

  private void begin(int status, Headers headers) {
    length = 0;
    announcedTrailers = null;
    connectionFields = connectionFields(headers);
    bodyLength = -1;
    dated = !dateHeader;
    named = !serverHeader;
    upgrade = false;
    upgradeRequired = status == 426;
    put(Status.line(status));
    for (int i = 0; i < headers.size(); i++) {
      field(headers.name(i), headers.value(i));
    }
    for (int i = 0; i < defaults.size(); i++) {
      if (!has(headers, defaults.name(i))) {
        field(defaults.name(i), defaults.value(i));
      }
    }
  }

  private void standing() {
    if (!dated) {
      put(HttpDate.line());
    }
    if (!named) {
      put(SERVER);
    }
  }

  private static boolean has(Headers headers, String name) {
    for (int i = 0; i < headers.size(); i++) {
      if (headers.name(i).equalsIgnoreCase(name)) {
        return true;
      }
    }
    return false;
  }

  private void frame(IncomingHead request, int status, long known) {
    boolean head = request.method().equals("HEAD");
    if (known >= 0 && bodyLength >= 0 && known != bodyLength && !head && !Status.bodiless(status)) {
      throw new IllegalStateException(
          "The app declared a Content-Length of " + bodyLength + " but sent " + known + " bytes.");
    }
    // An answer to HEAD may carry no body and yet say how long it would be.
    long announced = bodyLength >= 0 ? bodyLength : known;
    if (status == 204) {
      framing = Framing.NONE;
      bodyLength = 0;
      return;
    }
    if (status == 205) {
      // RFC 9110 section 15.3.6: no content, and said so.
      framing = Framing.NONE;
      putLength(0);
      bodyLength = 0;
      return;
    }
    if (head || status == 304) {
      framing = Framing.NONE;
      if (bodyLength >= 0 || (head && known > 0)) {
        putLength(announced);
      }
      bodyLength = 0;
      return;
    }
    bodyLength = announced;
    if (announced >= 0) {
      framing = Framing.LENGTH;
      putLength(announced);
    } else if (request.http11()) {
      framing = Framing.CHUNKED;
      put(CHUNKED);
      if (announcedTrailers != null && request.takesTrailers()) {
        line("Trailer", announcedTrailers);
      }
    } else {
      framing = Framing.UNTIL_CLOSE;
      keepAlive = false;
    }
  }

  /**
   * Fields that only concern one connection (RFC 9110 section 7.6.1) are the worker's to send; the
   * app may say {@code close}, and with 426 which protocol it wants.
   */
  private void field(String name, String value) {
    switch (name.length()) {
      case 2 -> {
        if (name.equalsIgnoreCase("te")) {
          return;
        }
      }
      case 4 -> dated |= name.equalsIgnoreCase("date");
      case 6 -> named |= name.equalsIgnoreCase("server");
      case 7 -> {
        if (name.equalsIgnoreCase("upgrade")) {
          if (!upgradeRequired) {
            return;
          }
          upgrade = true;
        } else if (name.equalsIgnoreCase("trailer")) {
          // Only where trailers can follow.
          announcedTrailers = announcedTrailers == null ? value : announcedTrailers + ", " + value;
          return;
        }
      }
      case 10 -> {
        if (name.equalsIgnoreCase("connection")) {
          for (String option : value.split(",", -1)) {
            keepAlive &= !option.strip().equalsIgnoreCase("close");
          }
          return;
        }
        if (name.equalsIgnoreCase("keep-alive")) {
          return;
        }
      }
      case 14 -> {
        if (name.equalsIgnoreCase("content-length")) {
          declare(value);
          return;
        }
      }
      case 17 -> {
        if (name.equalsIgnoreCase("transfer-encoding")) {
          return;
        }
      }
      case 16 -> {
        if (name.equalsIgnoreCase("proxy-connection")) {
          return;
        }
      }
      default -> {}
    }
    if (connectionFields.isEmpty() || !connectionFields.contains(name.toLowerCase(Locale.ROOT))) {
      line(name, value);
    }
  }

  /**
   * What the app says in Connection concerns this connection alone. Without that field, which the
   * worker does not pass on, it would be taken for the whole way's.
   */
  private static Set<String> connectionFields(Headers headers) {
    @Nullable Set<String> names = null;
    for (int i = 0; i < headers.size(); i++) {
      if (headers.name(i).length() == 10 && headers.name(i).equalsIgnoreCase("connection")) {
        names = names == null ? new HashSet<>() : names;
        for (String option : headers.value(i).split(",", -1)) {
          names.add(option.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    return names == null ? Set.of() : names;
  }

  private void line(String name, String value) {
    int needed = length + name.length() + value.length() + 4;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
    }
    if (!Syntax.token(name)) {
      throw new IllegalArgumentException(
          "The app's response has a malformed header name: " + printable(name));
    }
    for (int i = 0; i < name.length(); i++) {
      bytes[length++] = (byte) name.charAt(i);
    }
    bytes[length++] = ':';
    bytes[length++] = ' ';
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        throw new IllegalArgumentException(
            "The app's response header " + name + " has an illegal character: " + printable(value));
      }
      bytes[length++] = (byte) c;
    }
    bytes[length++] = '\r';
    bytes[length++] = '\n';
  }

  private void declare(String value) {
    long declared = -1;
    if (!value.isEmpty() && value.length() <= 18) {
      declared = 0;
      for (int i = 0; i < value.length() && declared >= 0; i++) {
        char c = value.charAt(i);
        declared = c < '0' || c > '9' ? -1 : declared * 10 + (c - '0');
      }
    }
    if (declared < 0 || (bodyLength >= 0 && bodyLength != declared)) {
      throw new IllegalArgumentException(
          "The app's response has a malformed or repeated Content-Length: " + printable(value));
    }
    bodyLength = declared;
  }

  private static String printable(String text) {
    StringBuilder shown = new StringBuilder();
    text.chars()
        .limit(100)
        .forEach(c -> shown.append(c < ' ' || c > '~' ? String.format("\\u%04x", c) : (char) c));
    return shown.toString();
  }

  private void putLength(long number) {
    put(LENGTH);
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    reserve(digits + 2);
    long rest = number;
    for (int i = length + digits - 1; i >= length; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
    put('\r');
    put('\n');
  }

  private void put(byte[] more) {
    reserve(more.length);
    System.arraycopy(more, 0, bytes, length, more.length);
    length += more.length;
  }

  private void put(char c) {
    reserve(1);
    bytes[length++] = (byte) c;
  }

  private void reserve(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
    }
  }

  /** The head, in the first {@link #length} bytes; valid until the next {@link #encode}. */
  public byte[] bytes() {
    return bytes;
  }

  /** The length of the head. */
  public int length() {
    return length;
  }

  /** How the body is framed. */
  public Framing framing() {
    return framing;
  }

  /** How long the body will be, or -1 if that is not known. */
  public long bodyLength() {
    return bodyLength;
  }

  /** Whether the connection is kept after this response. */
  public boolean keepAlive() {
    return keepAlive;
  }
}
