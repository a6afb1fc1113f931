package dev.arbiter.app.middleware;

import dev.arbiter.app.AcceptEncoding;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Compresses what the app answers, for clients that take it (RFC 9110 sections 8.4 and 12.5.3):
 * with gzip, and with other codings that are given, such as those of {@code arbiter-compression}.
 * {@code --compress} is this one around the app, with zstd and br before gzip.
 *
 * <p>Compressed are bodies of at least 1024 bytes, or of unknown length, whose type is text or
 * alike. Left as they are: what has a {@code Content-Encoding} already, or {@code Cache-Control:
 * no-transform}; parts (206), and what has no body; what carries a digest of its bytes; and files,
 * which are sent without passing through the app's process: compress those beforehand, see {@link
 * dev.arbiter.app.files.StaticFiles#precompressed}. What the app flushes, or sends as a part,
 * reaches the client at once, so events are compressed, too.
 *
 * <p>The answer gets {@code Vary: Accept-Encoding}, also where this client is sent it as it is; a
 * strong {@code ETag} becomes a weak one, because the bytes differ; {@code Accept-Ranges} goes. An
 * answer to HEAD has the fields that one to GET would have, without a length.
 *
 * <p><b>Compression tells of secrets</b> (BREACH): where an answer has both a secret and something
 * that an attacker's page can choose, its length shows whether they are alike. Two things make that
 * harder: an answer to a request with cookies that another site's page made ({@code
 * Sec-Fetch-Site}) is not compressed, and the length of a gzip header is random (a coding that is
 * given should do likewise). Neither makes it impossible. Do not compress pages that have a secret
 * in them that is the same every time, such as a token against forged requests that is not masked
 * anew for each page.
 *
 * <p>Unlike others this middleware changes bodies: it does nothing in {@link #enter}, and all in
 * {@link #around}. Immutable.
 */
public final class Compression implements Middleware {

  /** What is smaller is not worth it: head and packet weigh more than what would be saved. */
  static final int MINIMUM = 1024;

  private static final int LEVEL = 6;
  private static final Set<String> TYPES =
      Set.of(
          "application/graphql",
          "application/javascript",
          "application/json",
          "application/ld+json",
          "application/manifest+json",
          "application/wasm",
          "application/x-javascript",
          "application/x-ndjson",
          "application/xml",
          "application/yaml",
          "image/bmp",
          "image/svg+xml",
          "image/x-icon");

  /** Each says something of the very bytes that would be changed. */
  private static final List<String> ABOUT_BYTES =
      List.of(
          "content-encoding",
          "content-range",
          "content-digest",
          "repr-digest",
          "digest",
          "content-md5");

  /** A content coding. Any thread. */
  public interface Coding {

    /**
     * {@return what it is called in {@code Content-Encoding}, in lower case: {@code br}, {@code
     * zstd}}
     */
    String name();

    /**
     * {@return a stream that writes to {@code out} what is written to it, encoded} Its {@code
     * flush} passes on all that was written before, so that it can be decoded; its {@code close}
     * ends the body, frees what it holds, and may be called again.
     *
     * @param out the response's body, on its way to the client
     * @throws IOException {@code out} failed
     */
    OutputStream encode(OutputStream out) throws IOException;
  }

  private record Gzip(int level) implements Coding {
    @Override
    public String name() {
      return "gzip";
    }

    @Override
    public OutputStream encode(OutputStream out) throws IOException {
      return new GzipStream(out, level);
    }
  }

  private final List<Coding> codings;
  private final List<String> names;
  private final int minimum;
  private final Predicate<String> types;

  private Compression(List<Coding> codings, int minimum, Predicate<String> types) {
    this.codings = List.copyOf(codings);
    this.names = codings.stream().map(Coding::name).toList();
    this.minimum = minimum;
    this.types = types;
  }

  /** {@return a compression with gzip, at its usual level} */
  public static Compression create() {
    return new Compression(List.of(gzip(LEVEL)), MINIMUM, Compression::isText);
  }

  /**
   * {@return the gzip coding}
   *
   * @param level from 1, the fastest, to 9, the smallest
   */
  public static Coding gzip(int level) {
    if (level < 1 || level > 9) {
      throw new IllegalArgumentException("A level is 1 to 9: " + level);
    }
    return new Gzip(level);
  }

  /**
   * {@return the same with these codings in place of its own; the first is preferred}
   *
   * @param favouriteFirst in case a client likes several the same
   */
  public Compression codings(Coding... favouriteFirst) {
    return new Compression(List.of(favouriteFirst), minimum, types);
  }

  /**
   * {@return the same for bodies of at least this many bytes; 1024 by default}
   *
   * @param bytes of the body as the app made it
   */
  public Compression minimum(int bytes) {
    return new Compression(codings, bytes, types);
  }

  /**
   * {@return the same for these types in place of its own}
   *
   * @param wanted is given a media type without parameters, in lower case: {@code text/html}
   */
  public Compression types(Predicate<String> wanted) {
    return new Compression(codings, minimum, wanted);
  }

  private static boolean isText(String type) {
    return type.startsWith("text/")
        || type.endsWith("+json")
        || type.endsWith("+xml")
        || TYPES.contains(type);
  }

  /** Lets every request pass. */
  @Override
  public Passage enter(RequestHead request) {
    return Passage.ON;
  }

  @Override
  public BlockingApp around(BlockingApp app) {
    return new CompressedBlocking(this, app);
  }

  @Override
  public AsyncApp around(AsyncApp app) {
    return new CompressedAsync(this, app);
  }

  /**
   * What becomes of a response.
   *
   * @param headers to send in place of the app's, if it is sent as it is
   * @param coding to use; empty to send it as it is
   */
  record Plan(Headers headers, Optional<Coding> coding) {

    /** The header fields if it is encoded. */
    Headers encodedHeaders() {
      return weakened(headers.without("content-length").without("accept-ranges"))
          .with("content-encoding", coding.orElseThrow().name());
    }
  }

  /**
   * Decides.
   *
   * @param length of the body as far as it is known, else -1
   */
  Plan plan(RequestHead request, int status, Headers headers, long length) {
    if (status == 304) {
      // It is to have the validators and the Vary of the 200 it stands for (RFC 9110 15.4.5).
      Headers varied = vary(headers);
      boolean encoded = choose(request).isPresent();
      return new Plan(encoded ? weakened(varied) : varied, Optional.empty());
    }
    if (!worthIt(status, headers, length)) {
      return new Plan(headers, Optional.empty());
    }
    return new Plan(vary(headers), choose(request));
  }

  private Optional<Coding> choose(RequestHead request) {
    boolean foreign =
        request.headers().contains("cookie")
            && request.headers().first("sec-fetch-site").filter("cross-site"::equals).isPresent();
    if (foreign) {
      return Optional.empty();
    }
    return AcceptEncoding.of(request.headers())
        .best(names)
        .map(name -> codings.get(names.indexOf(name)));
  }

  private boolean worthIt(int status, Headers headers, long length) {
    return status >= 200
        && status != 204
        && status != 205
        && status != 206
        && (length < 0 || length >= minimum)
        && headers.first("content-type").map(Compression::mediaType).filter(types).isPresent()
        && ABOUT_BYTES.stream().noneMatch(headers::contains)
        && members(headers, "cache-control").noneMatch("no-transform"::equals);
  }

  /** What Content-Length says; -1 if it says nothing that is a number. */
  static long declaredLength(Headers headers) {
    return headers
        .first("content-length")
        .filter(value -> value.matches("[0-9]{1,18}"))
        .map(Long::parseLong)
        .orElse(-1L);
  }

  private static String mediaType(String contentType) {
    int parameters = contentType.indexOf(';');
    return (parameters < 0 ? contentType : contentType.substring(0, parameters))
        .strip()
        .toLowerCase(Locale.ROOT);
  }

  private static Stream<String> members(Headers headers, String name) {
    return headers.all(name).stream()
        .flatMap(value -> Stream.of(value.split(",")))
        .map(member -> member.strip().toLowerCase(Locale.ROOT));
  }

  private static Headers vary(Headers headers) {
    return members(headers, "vary")
            .anyMatch(member -> member.equals("*") || member.equals("accept-encoding"))
        ? headers
        : headers.with("vary", "Accept-Encoding");
  }

  private static Headers weakened(Headers headers) {
    List<String> fields = new ArrayList<>();
    headers.forEach(
        (name, value) -> {
          boolean strong = name.equalsIgnoreCase("etag") && value.startsWith("\"");
          fields.add(name);
          fields.add(strong ? "W/" + value : value);
        });
    return Headers.of(fields.toArray(String[]::new));
  }
}
