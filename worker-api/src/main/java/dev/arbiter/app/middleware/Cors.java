package dev.arbiter.app.middleware;

import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Lets pages of other origins read this app's answers: cross-origin resource sharing, as the Fetch
 * standard has it ("CORS protocol").
 *
 * <p>A preflight (an OPTIONS with {@code Origin} and {@code Access-Control-Request-Method}) is
 * answered here: 204 if what is asked for is allowed, 403 if not. Any other request reaches the
 * app, whatever its origin: it is the browser that keeps the answer from the page. So this is no
 * defence against requests, only a way to allow more.
 *
 * <p>A request for a WebSocket is the exception: there browsers keep nothing from a page, whatever
 * its origin, and send the cookies of its visitor. So a page that is neither the app's own nor of
 * an allowed origin is refused with 403, and so is one of an allowed origin if there are cookies
 * and credentials are not allowed.
 *
 * <p>Where the answer depends on the origin, {@code Vary: Origin} is set on all answers, also those
 * to requests without one, because a cache may give them to others. The app's own fields of this
 * protocol are replaced.
 */
public final class Cors implements Middleware {
  private static final String ORIGIN = "access-control-allow-origin";
  private static final String CREDENTIALS = "access-control-allow-credentials";
  private static final String EXPOSED = "access-control-expose-headers";
  private static final String METHODS = "access-control-allow-methods";
  private static final String FIELDS = "access-control-allow-headers";
  private static final String MAX_AGE = "access-control-max-age";
  private static final String ASKED_METHOD = "access-control-request-method";
  private static final String ASKED_FIELDS = "access-control-request-headers";
  private static final String PREFLIGHT_VARY =
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

  /** Fields a page may send without being asked (Fetch, "CORS-safelisted request-header"). */
  private static final Set<String> SAFE =
      Set.of("accept", "accept-language", "content-language", "content-type", "range");

  private final boolean anyOrigin;
  private final Predicate<String> origins;
  private final Set<String> methods;
  private final boolean anyHeader;
  private final Set<String> headers;
  private final String exposed;
  private final boolean credentials;
  private final long maxAge;

  private Cors(Builder builder) {
    anyOrigin = builder.anyOrigin;
    origins = builder.origins;
    methods = Set.copyOf(builder.methods);
    anyHeader = builder.headers.contains("*");
    headers = Set.copyOf(builder.headers);
    exposed = String.join(", ", builder.exposed);
    credentials = builder.credentials;
    maxAge = builder.maxAge.toSeconds();
  }

  /**
   * Allows these origins, for GET, HEAD and POST, without credentials.
   *
   * @param origins as {@link Builder#origins} takes them
   * @return what lets pages of these origins read the app's answers
   */
  public static Cors of(String... origins) {
    return builder().origins(origins).build();
  }

  /**
   * Allows nothing yet.
   *
   * @return what says who may read the app's answers
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects what is allowed. For one thread. */
  public static final class Builder {
    private boolean anyOrigin;
    private Predicate<String> origins = _ -> false;
    private final Set<String> methods = new TreeSet<>(List.of("GET", "HEAD", "POST"));
    private final Set<String> headers = new TreeSet<>();
    private final List<String> exposed = new ArrayList<>();
    private boolean credentials;
    private Duration maxAge = Duration.ofMinutes(10);

    private Builder() {}

    /**
     * Also allows these origins.
     *
     * @param allowed as browsers send them, {@code https://shop.example} or with {@code :8443}; or
     *     {@code *} for any
     * @return this
     * @throws IllegalArgumentException one is no origin, such as a URL with a path
     */
    public Builder origins(String... allowed) {
      Set<String> exact =
          Stream.of(allowed).map(one -> one.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
      for (String one : exact) {
        if (!one.equals("*") && !one.matches("[a-z][a-z0-9+.-]*://[^/?#@\\s]+")) {
          throw new IllegalArgumentException(
              "Not an origin: " + one + "; write https://shop.example, without a path, or *");
        }
      }
      anyOrigin |= exact.contains("*");
      return originsMatching(exact::contains);
    }

    /**
     * Also allows origins that {@code allowed} accepts, which is given them in lower case. Compare
     * the whole of an origin: one that merely ends with your name may be anybody's.
     *
     * @param allowed called by several threads at once; must not block
     * @return this
     */
    public Builder originsMatching(Predicate<String> allowed) {
      origins = origins.or(allowed);
      return this;
    }

    /**
     * Allows these methods in place of GET, HEAD and POST; case-sensitive.
     *
     * @param allowed such as {@code PUT}
     * @return this
     */
    public Builder methods(String... allowed) {
      methods.clear();
      methods.addAll(Arrays.asList(allowed));
      return this;
    }

    /**
     * Also allows these request header fields, beyond those a page may always send; {@code *} for
     * any, which unlike the protocol's own asterisk includes {@code Authorization}.
     *
     * @param allowed names of fields, in any case
     * @return this
     */
    public Builder headers(String... allowed) {
      Stream.of(allowed).map(name -> name.toLowerCase(Locale.ROOT)).forEach(headers::add);
      return this;
    }

    /**
     * Lets pages read these fields of an answer, too.
     *
     * @param names of fields, beyond those a page may always read
     * @return this
     */
    public Builder expose(String... names) {
      exposed.addAll(Arrays.asList(names));
      return this;
    }

    /**
     * Lets pages send cookies and other credentials. Not together with any origin.
     *
     * @return this
     */
    public Builder credentials() {
      credentials = true;
      return this;
    }

    /**
     * How long a browser may remember the answer to a preflight; 10 minutes by default.
     *
     * @param time in whole seconds; browsers have a most of their own, such as two hours
     * @return this
     */
    public Builder maxAge(Duration time) {
      maxAge = time;
      return this;
    }

    /**
     * Makes the middleware.
     *
     * @return a middleware with what was said so far
     * @throws IllegalStateException credentials for any origin: every page on the web could then
     *     act as its visitor
     */
    public Cors build() {
      if (credentials && anyOrigin) {
        throw new IllegalStateException(
            "Credentials cannot be allowed for any origin (*): name the origins.");
      }
      return new Cors(this);
    }
  }

  @Override
  public Passage enter(RequestHead request) {
    List<String> sent = request.headers().all("origin");
    // More than one is no browser's; it is treated as an origin that nobody allowed.
    Optional<String> origin = sent.size() == 1 ? Optional.of(sent.getFirst()) : Optional.empty();
    boolean allowed =
        origin.isPresent() && (anyOrigin || origins.test(origin.get().toLowerCase(Locale.ROOT)));
    Optional<String> method = request.headers().first(ASKED_METHOD);
    if (request.method().equals("OPTIONS") && !sent.isEmpty() && method.isPresent()) {
      return Passage.answered(
          preflight(request, allowed ? origin : Optional.empty(), method.get()));
    }
    // Over HTTP/2 there is no key (RFC 8441 section 5), but no handshake is without a version, and
    // no page can ask with one in any other way.
    if (request.headers().contains("sec-websocket-version")
        && !sent.isEmpty()
        && !sameOrigin(request, sent)
        && !(allowed && (credentials || !request.headers().contains("cookie")))) {
      return Passage.answered(refused("origin"));
    }
    return new Passage() {
      @Override
      public Headers headers(int status, Headers fields) {
        Headers bare = fields.without(ORIGIN).without(CREDENTIALS).without(EXPOSED);
        return allowed ? allow(bare, origin.orElseThrow()) : vary(bare);
      }
    };
  }

  /** Whether the page is the app's own, which browsers need no leave for. */
  private static boolean sameOrigin(RequestHead request, List<String> origins) {
    String host = request.host().toLowerCase(Locale.ROOT);
    String origin = origins.getFirst().toLowerCase(Locale.ROOT);
    return origins.size() == 1
        && !host.isEmpty()
        && (origin.equals("https://" + host) || origin.equals("http://" + host));
  }

  private Headers allow(Headers bare, String origin) {
    Headers fields = vary(bare).with(ORIGIN, anyOrigin ? "*" : origin);
    if (credentials) {
      fields = fields.with(CREDENTIALS, "true");
    }
    return exposed.isEmpty() ? fields : fields.with(EXPOSED, exposed);
  }

  private Headers vary(Headers fields) {
    if (anyOrigin) {
      return fields; // the same for everybody
    }
    boolean named =
        fields.all("vary").stream()
            .flatMap(value -> Stream.of(value.split(",")))
            .map(String::strip)
            .anyMatch(name -> name.equals("*") || name.equalsIgnoreCase("origin"));
    return named ? fields : fields.with("vary", "Origin");
  }

  private Response preflight(RequestHead request, Optional<String> origin, String method) {
    List<String> asked =
        request.headers().all(ASKED_FIELDS).stream()
            .flatMap(value -> Stream.of(value.split(",")))
            .map(name -> name.strip().toLowerCase(Locale.ROOT))
            .filter(name -> !name.isEmpty())
            .toList();
    if (origin.isEmpty()) {
      return refused("origin");
    }
    if (!methods.contains(method)) {
      return refused("method");
    }
    if (!asked.stream().allMatch(this::allowedHeader)) {
      return refused("headers");
    }
    Headers fields =
        Headers.of("vary", PREFLIGHT_VARY, ORIGIN, anyOrigin ? "*" : origin.get())
            .with(METHODS, String.join(", ", new TreeSet<>(methods)));
    if (!asked.isEmpty()) {
      fields = fields.with(FIELDS, String.join(", ", asked));
    }
    if (credentials) {
      fields = fields.with(CREDENTIALS, "true");
    }
    return Response.of(204).withHeaders(fields.with(MAX_AGE, Long.toString(maxAge)));
  }

  private boolean allowedHeader(String name) {
    return token(name) && (anyHeader || headers.contains(name) || SAFE.contains(name));
  }

  /** It is sent back, so it must be a name and nothing else (RFC 9110 section 5.6.2). */
  private static boolean token(String name) {
    return name.chars()
        .allMatch(
            c ->
                (c >= 'a' && c <= 'z')
                    || (c >= '0' && c <= '9')
                    || "-_.!#$%&'*+^`|~".indexOf(c) >= 0);
  }

  private static Response refused(String what) {
    return Response.text("403 Forbidden: this " + what + " may not ask across origins\n")
        .withStatus(403)
        .withHeader("vary", PREFLIGHT_VARY);
  }
}
