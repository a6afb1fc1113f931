package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Trailers;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.RequestRules.Underscores;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The head of one request while a parser delivers it, and the judgement on it: {@link #line}, then
 * {@link #field} for each, then {@link #end}. Afterwards it answers what framing, the connection
 * and the app want to know. Filled by one thread; then only read.
 */
public final class IncomingHead {
  private static final Set<String> OF_UPGRADE = Set.of("connection", "upgrade", "http2-settings");

  private final RequestRules rules;
  private final boolean trusted;
  private String[] fields = new String[16];
  private int length;
  private int count;
  private int size;
  private String method = "";
  private String text = "";
  private String version = "";
  private RequestTarget target = RequestTarget.parse("", "/");
  private boolean http11 = true;
  private boolean http2;
  private boolean bodyFollows;
  private boolean close;
  private boolean keep;
  private boolean chunked;
  private boolean continues;
  private boolean coded;
  private boolean unknownCoding;
  private boolean forwarded;
  private @Nullable String toldScheme;
  private boolean upgradeOption;
  private boolean webSocketNamed;
  private boolean http2Named;
  private boolean upgrades;
  private boolean inTrailers;
  private String[] trailers = {};
  private int trailerLength;
  private int hosts;
  private int hostAt;
  private long contentLength = -1;
  private @Nullable Refusal refusal;

  /** What the app's side calls the request; any thread. */
  private volatile @Nullable String id;

  private @Nullable Headers headers;

  /** A head that is to keep {@code rules}. */
  public IncomingHead(RequestRules rules) {
    this(rules, false);
  }

  /**
   * A head that is to keep {@code rules}.
   *
   * @param trusted whether it comes from a proxy that is believed: only then are its forwarding
   *     fields noticed, and the names let through that {@code --forwarder-headers} lists
   */
  public IncomingHead(RequestRules rules, boolean trusted) {
    this.rules = rules;
    this.trusted = trusted;
  }

  /** Takes the request line. Returns whether it is fine; if not, nothing more is looked at. */
  public boolean line(String newMethod, String newTarget, String newVersion) {
    method = newMethod;
    text = newTarget;
    version = newVersion;
    if (newMethod.length() + newTarget.length() + version.length() + 2 > rules.line()) {
      return broken(Rule.REQUEST_LINE_SIZE);
    }
    if (!version.equals("HTTP/1.1")) {
      http11 = version.compareTo("HTTP/1.1") > 0;
      if (!version.equals("HTTP/1.0")
          && !(wellFormed(version) && rules.permits(Permission.UNCONVENTIONAL_VERSION))) {
        return broken(wellFormed(version) ? Rule.VERSION_UNSUPPORTED : Rule.VERSION);
      }
    }
    // Nearly all are GET and POST, whose names need no look at each letter.
    if (!newMethod.equals("GET") && !newMethod.equals("POST")) {
      if (!Syntax.token(newMethod)) {
        return broken(Rule.METHOD);
      }
      if (!inCapitals(newMethod)) {
        return broken(Rule.METHOD_CASE);
      }
      if (method.equals("CONNECT")) {
        return broken(Rule.CONNECT);
      }
    }
    target = RequestTarget.parse(method, newTarget);
    Rule rule = target.broken();
    return rule == null || broken(rule);
  }

  /**
   * Takes what HTTP/2 says in pseudo fields (RFC 9113 section 8.3.1), in place of a line.
   *
   * @param authority replaces {@code Host}; null if there is none
   * @param body whether a body follows the head
   * @return whether it is fine; if not, nothing more is looked at
   */
  public boolean pseudo(String newMethod, String path, @Nullable String authority, boolean body) {
    http2 = true;
    bodyFollows = body;
    if (!line(newMethod, path, "HTTP/1.1")) {
      return false;
    }
    if (!path.startsWith("/") && !path.equals("*")) {
      return broken(Rule.TARGET_FORM);
    }
    return authority == null || field("host", authority);
  }

  /** Whether the method has capitals only, or now has, or need not. */
  private boolean inCapitals(String named) {
    if (named.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
      return true;
    }
    if (rules.permits(Permission.METHOD_CASE) && !http2) {
      method = named.toUpperCase(Locale.ROOT);
      return true;
    }
    return rules.permits(Permission.UNCONVENTIONAL_METHOD) && !http2;
  }

  /**
   * Takes what HTTP/2 says in pseudo fields to ask for a WebSocket: an extended CONNECT (RFC 8441
   * section 5). An app is to find one handshake in all versions, so it becomes the GET that it is
   * in HTTP/1.1.
   *
   * @param protocol what is asked for
   * @param authority as in {@link #pseudo}
   * @return whether it is fine; if not, nothing more is looked at
   */
  public boolean connect(String protocol, String path, @Nullable String authority) {
    if (!protocol.equals("websocket")) {
      http2 = true;
      return broken(Rule.CONNECT);
    }
    upgrades = true;
    return pseudo("GET", path, authority, false);
  }

  private static boolean wellFormed(String version) {
    return version.length() == 8
        && version.startsWith("HTTP/")
        && Character.digit(version.charAt(5), 10) >= 0
        && version.charAt(6) == '.'
        && Character.digit(version.charAt(7), 10) >= 0;
  }

  /**
   * Takes one field; {@code value} without the white space around it. Returns whether it is fine.
   */
  public boolean field(String written, String value) {
    String name = stripped(written);
    if (!allowed(name, value)) {
      return false;
    }
    if (!spelledWell(name)) {
      return rules.underscores() == Underscores.DROP || broken(Rule.FIELD_UNDERSCORE);
    }
    if (!meaning(name, value)) {
      return false;
    }
    if (trusted && !rules.secureSchemes().isEmpty() && !scheme(name, value)) {
      return false;
    }
    add(name, value);
    return true;
  }

  private void add(String name, String value) {
    if (length == fields.length) {
      fields = Arrays.copyOf(fields, length * 2);
    }
    fields[length++] = name;
    fields[length++] = value;
  }

  /**
   * Takes one trailer field; as many and as long ones are let in as header fields, of which they
   * are counted apart, and with the same rule for underscores. By the thread that reads the body,
   * before its end. Returns whether it is fine.
   */
  public boolean trailer(String name, String value) {
    if (!inTrailers) {
      inTrailers = true;
      count = 0;
      size = 0;
    }
    if (!allowed(name, value)) {
      return false;
    }
    if (ChunkFraming.forbiddenTrailer(name)) {
      return broken(Rule.TRAILER_FORBIDDEN);
    }
    if (!spelledWell(name)) {
      return rules.underscores() == Underscores.DROP || broken(Rule.FIELD_UNDERSCORE);
    }
    if (trailerLength == trailers.length) {
      trailers = Arrays.copyOf(trailers, Math.max(4, trailerLength * 2));
    }
    trailers[trailerLength++] = name;
    trailers[trailerLength++] = value;
    return true;
  }

  /** Whether the operator lets this in. */
  boolean permits(Permission permission) {
    return rules.permits(permission);
  }

  /** The name without what {@link Permission#HEADER_SPACES} lets stand between it and its colon. */
  private String stripped(String name) {
    if (http2 || name.isEmpty() || !rules.permits(Permission.HEADER_SPACES)) {
      return name;
    }
    int end = name.length();
    while (end > 0 && (name.charAt(end - 1) == ' ' || name.charAt(end - 1) == '\t')) {
      end--;
    }
    return name.substring(0, end);
  }

  /** Whether the name has no underscore, or may have one. */
  private boolean spelledWell(String name) {
    return name.indexOf('_') < 0
        || rules.underscores() == Underscores.DANGEROUS
        || (trusted && rules.lets(name));
  }

  private boolean allowed(String name, String value) {
    if (refusal != null) {
      return false;
    }
    if (++count > rules.fields()) {
      return broken(Rule.FIELD_COUNT);
    }
    int bytes = name.length() + value.length() + 2;
    size += bytes;
    if (bytes > rules.fieldSize() + 2) {
      return broken(Rule.FIELD_SIZE);
    }
    if (size > RequestRules.HEAD_SIZE) {
      return broken(Rule.HEAD_SIZE);
    }
    if (!Syntax.token(name)) {
      return broken(Rule.FIELD_NAME);
    }
    return Syntax.fieldValue(value) || broken(Rule.FIELD_VALUE);
  }

  /** The few fields the worker itself acts on, told apart by length first. */
  private boolean meaning(String name, String value) {
    return switch (name.length()) {
      case 4 -> !name.equalsIgnoreCase("host") || host(value);
      case 6 -> !name.equalsIgnoreCase("expect") || expect(value);
      case 7 -> !name.equalsIgnoreCase("upgrade") || upgrade(value);
      case 9, 15, 16 -> noted(name);
      case 10 -> !name.equalsIgnoreCase("connection") || connection(value);
      case 14 -> !name.equalsIgnoreCase("content-length") || contentLength(value);
      case 17 -> name.equalsIgnoreCase("transfer-encoding") ? transferEncoding(value) : noted(name);
      default -> true;
    };
  }

  /** What is read later, if at all, only leaves a mark: most requests have none of it. */
  private boolean noted(String name) {
    forwarded |= trusted && Forwarding.reads(name);
    return true;
  }

  /** Whether a field says that the proxy was asked by https, or that it was not. */
  private boolean scheme(String name, String value) {
    String secure = rules.secureSchemes().get(name.toLowerCase(Locale.ROOT));
    if (secure == null) {
      return true;
    }
    String told = value.equals(secure) ? "https" : "http";
    if (toldScheme != null && !toldScheme.equals(told)) {
      return broken(Rule.SCHEME_CONTRADICTORY);
    }
    toldScheme = told;
    forwarded = true;
    return true;
  }

  private boolean host(String value) {
    if (++hosts > 1) {
      return broken(Rule.HOST_REPEATED);
    }
    hostAt = length;
    return Syntax.authority(value) || broken(Rule.HOST_MALFORMED);
  }

  /**
   * No leniency: RFC 9110 section 10.1.1 has it that {@code 100-continue} MUST be ignored in
   * HTTP/1.0, whose clients do not wait; that anything else is answered with 417 is a MAY, which is
   * for those who know the field.
   */
  private boolean expect(String value) {
    if (!http11) {
      return true;
    }
    continues = value.equalsIgnoreCase("100-continue");
    return continues || broken(Rule.EXPECTATION);
  }

  private boolean connection(String value) {
    for (String option : value.split(",", -1)) {
      String name = option.strip();
      if (!Leniency.UNREAD_OPTIONS && !name.isEmpty() && !Syntax.token(name)) {
        return broken(Rule.SYNTAX);
      }
      close |= name.equalsIgnoreCase("close");
      keep |= name.equalsIgnoreCase("keep-alive");
      upgradeOption |= name.equalsIgnoreCase("upgrade");
    }
    return true;
  }

  private boolean upgrade(String value) {
    for (String protocol : value.split(",", -1)) {
      String name = protocol.strip();
      if (!Leniency.UNREAD_OPTIONS && !name.chars().allMatch(c -> c > ' ')) {
        return broken(Rule.SYNTAX);
      }
      webSocketNamed |= name.equalsIgnoreCase("websocket");
      http2Named |= name.equalsIgnoreCase("h2c");
    }
    return true;
  }

  private boolean contentLength(String value) {
    if (contentLength >= 0) {
      return broken(Rule.CONTENT_LENGTH_REPEATED);
    }
    long number = 0;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < '0' || c > '9' || i >= 18) {
        return broken(Rule.CONTENT_LENGTH);
      }
      number = number * 10 + (c - '0');
    }
    contentLength = number;
    return !value.isEmpty() || broken(Rule.CONTENT_LENGTH);
  }

  private boolean transferEncoding(String value) {
    coded = true;
    if (!http11) {
      return broken(Rule.TRANSFER_ENCODING_IN_1_0);
    }
    for (String part : value.split(",", -1)) {
      String coding = part.strip();
      if (chunked || coding.isEmpty()) {
        return broken(Rule.TRANSFER_ENCODING_FINAL);
      }
      chunked = coding.equalsIgnoreCase("chunked");
      unknownCoding |= !chunked;
    }
    return true;
  }

  /** The head is complete. Returns whether it is fine. */
  public boolean end() {
    if (refusal != null) {
      return false;
    }
    if (hosts == 0 && http11) {
      return broken(Rule.HOST_MISSING);
    }
    if (coded) {
      if (contentLength >= 0) {
        return broken(Rule.CONTENT_LENGTH_AND_TRANSFER_ENCODING);
      }
      if (!chunked) {
        return broken(Rule.TRANSFER_ENCODING_FINAL);
      }
      if (unknownCoding) {
        return broken(Rule.TRANSFER_ENCODING_UNKNOWN);
      }
    }
    if (rules.body() > 0 && contentLength > rules.body()) {
      return broken(Rule.BODY_SIZE);
    }
    if (!target.authority().isEmpty()) {
      // RFC 9112 section 3.2.2: the authority of an absolute target replaces what Host says, or
      // that it says nothing, as HTTP/1.0 allows.
      if (hosts == 1) {
        fields[hostAt + 1] = target.authority();
      } else {
        add("Host", target.authority());
      }
    }
    return true;
  }

  private boolean broken(Rule rule) {
    refuse(rule.refusal());
    return false;
  }

  /** Refuses for a reason only the parser saw. The first refusal stands. */
  public void refuse(Refusal reason) {
    if (refusal == null) {
      refusal = reason;
    }
  }

  /** Why it is refused, if it is. */
  public @Nullable Refusal refusal() {
    return refusal;
  }

  /** As in {@link dev.arbiter.app.RequestHead#method}; empty if the line could not be read. */
  public String method() {
    return method;
  }

  /** As in {@link dev.arbiter.app.RequestHead#target}. */
  public String target() {
    return text;
  }

  /** The app's side calls the request so. Any thread. */
  void identify(String known) {
    id = known;
  }

  /** What the request is called: by the app's side, else by the client; null if by neither. */
  @Nullable String id() {
    String known = id;
    return known == null ? first("x-request-id") : known;
  }

  /** As in {@link dev.arbiter.app.RequestHead#rawPath}. */
  public String rawPath() {
    return target.rawPath();
  }

  /** As in {@link dev.arbiter.app.RequestHead#path}. */
  public String path() {
    return target.path();
  }

  /** As in {@link dev.arbiter.app.RequestHead#query}. */
  public String query() {
    return target.query();
  }

  /** As in {@link dev.arbiter.app.RequestHead#httpVersion}. */
  public String httpVersion() {
    return http2 ? "HTTP/2" : http11 ? "HTTP/1.1" : "HTTP/1.0";
  }

  /**
   * The version as the client wrote it, be it one that there is not; empty if none could be read.
   */
  String writtenVersion() {
    return http2 && !version.isEmpty() ? "HTTP/2" : version;
  }

  /** As in {@link dev.arbiter.app.RequestHead#headers}; made when first asked for. */
  public Headers headers() {
    Headers known = headers;
    if (known == null) {
      known = Headers.of(Arrays.copyOf(fields, length));
      headers = known;
    }
    return known;
  }

  /**
   * The trailer fields that have come; all of them once the body has ended, of which the asking
   * thread must know from the one that read it.
   */
  public Headers trailers() {
    return trailerLength == 0
        ? Headers.empty()
        : Headers.of(Arrays.copyOf(trailers, trailerLength));
  }

  /** Whether this response may have trailers: the client takes them, and there will be chunks. */
  public boolean takesTrailers(Response response) {
    int status = response.status();
    return !method.equals("HEAD")
        && !Status.bodiless(status)
        && status != 205
        && takesTrailers()
        && !response.headers().contains("content-length");
  }

  /** Whether the client takes trailers; see {@link Trailers#sentTo}. */
  public boolean takesTrailers() {
    return Trailers.sentTo(httpVersion(), headers());
  }

  /**
   * Whether an interim response may be sent: not to HTTP/1.0 (RFC 9110 section 15.2), and not where
   * a client waits for the 101 of its handshake, of which many take nothing else.
   */
  public boolean takesInformational() {
    return http11 && !upgrades;
  }

  /** The number of fields kept. */
  public int size() {
    return length / 2;
  }

  /** The name of field {@code index}. */
  public String name(int index) {
    return fields[2 * index];
  }

  /** The value of field {@code index}. */
  public String value(int index) {
    return fields[2 * index + 1];
  }

  /** The value of the first field of this name; null if there is none. */
  @Nullable String first(String name) {
    for (int i = 0; i < length; i += 2) {
      if (fields[i].equalsIgnoreCase(name)) {
        return fields[i + 1];
      }
    }
    return null;
  }

  /** Whether a trusted proxy says in it where it comes from. */
  boolean forwarded() {
    return forwarded;
  }

  /** What a trusted proxy says by a field of {@code --secure-scheme-headers}; null if nothing. */
  @Nullable String toldScheme() {
    return toldScheme;
  }

  /** Whether it is HTTP/1.1 or later; HTTP/1.0 otherwise. */
  public boolean http11() {
    return http11;
  }

  /** Whether the client wants the connection kept (RFC 9112 section 9.3). */
  public boolean keepAlive() {
    return !close && !upgrades && (http11 || keep);
  }

  /**
   * Takes the request for a WebSocket handshake if it is one: {@code Upgrade} names it, {@code
   * Connection} says so, and the version is 1.1 (RFC 6455 section 4.2.1; an {@code Upgrade} in
   * HTTP/1.0 is ignored, RFC 9110 section 7.8). Its connection carries no further request, whatever
   * the answer: what the client sends after it may be frames already.
   *
   * @return whether it is one
   */
  public boolean takeUpgrade() {
    upgrades = http11 && upgradeOption && webSocketNamed && refusal == null;
    return upgrades;
  }

  /** Whether it was taken for a WebSocket handshake. */
  public boolean upgrades() {
    return upgrades;
  }

  /**
   * Takes the request for an upgrade to HTTP/2 if it asks for that (RFC 7540 section 3.2) and has
   * no body, which would have to be read first: from here on it counts as a request of HTTP/2.
   *
   * @return whether it is one
   */
  public boolean takeHttp2Upgrade() {
    if (http11 && upgradeOption && http2Named && !hasBody() && refusal == null) {
      http2 = true;
    }
    return http2;
  }

  /** Leaves out what only said something of the connection, before it became one of HTTP/2. */
  public void leaveUpgradeOut() {
    int kept = 0;
    for (int i = 0; i < length; i += 2) {
      if (!OF_UPGRADE.contains(fields[i].toLowerCase(Locale.ROOT))) {
        fields[kept++] = fields[i];
        fields[kept++] = fields[i + 1];
      }
    }
    length = kept;
    headers = null;
  }

  /** Whether it is a request of HTTP/2, or will be answered so. */
  public boolean http2() {
    return http2;
  }

  /** Whether a body follows, or may follow. */
  public boolean hasBody() {
    return bodyFollows || chunked || contentLength > 0;
  }

  /** Whether the body comes in chunks. */
  public boolean chunked() {
    return chunked;
  }

  /** The length of the body, or -1 if none was given. */
  public long contentLength() {
    return contentLength;
  }

  /** The longest body that is let in, 0 for no limit; chunks are counted against it. */
  public long bodyLimit() {
    return rules.body();
  }

  /** Whether the client waits for a {@code 100 Continue} before it sends the body. */
  public boolean expectsContinue() {
    return continues && hasBody();
  }
}
