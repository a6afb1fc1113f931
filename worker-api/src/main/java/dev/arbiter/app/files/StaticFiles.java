package dev.arbiter.app.files;

import dev.arbiter.app.AcceptEncoding;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Serves the files of a folder: as an app of its own, as a part of one, or by {@code --static}.
 *
 * <pre>{@code
 * private final StaticFiles files = StaticFiles.of(Path.of("public")).under("/assets");
 *
 * public Response handle(Request request) throws IOException {
 *   return files.covers(request) ? files.handle(request) : page(request);
 * }
 * }</pre>
 *
 * <p>GET and HEAD only, else 405. A folder is answered with its {@code index.html}, after a
 * redirect to the path with a slash; there is no listing. Conditions (RFC 9110 section 13) and byte
 * ranges (section 14) are kept: one range, or several that join to one; for others the whole file
 * is sent.
 *
 * <p><b>Nothing outside the folder is served.</b> A name is taken apart from its neighbours before
 * its escapes are decoded, and refused, with 404, if it is empty, {@code .} or {@code ..}, or has a
 * slash, a backslash or a control character in it. Names that begin with a dot are hidden. A
 * symbolic link is followed where it leads to within the folder. Whoever can change the folder
 * while it is served can of course put anything into it.
 *
 * <p>Immutable; any thread.
 */
public final class StaticFiles implements BlockingApp {
  private static final List<Variant> VARIANTS =
      List.of(new Variant("br", ".br"), new Variant("zstd", ".zst"), new Variant("gzip", ".gz"));

  /** A compressed file beside a file. */
  private record Variant(String coding, String ending) {}

  /** What to send: a file, what it is a variant of, and its attributes. */
  private record Found(Path file, Path named, BasicFileAttributes attributes, String coding) {}

  private final Path root;
  private final List<String> prefix;
  private final String index;
  private final String cacheControl;
  private final boolean hidden;
  private final boolean links;
  private final boolean precompressed;
  private final InstantSource clock;

  private StaticFiles(Builder builder) {
    root = builder.root;
    prefix = builder.prefix;
    index = builder.index;
    cacheControl = builder.cacheControl;
    hidden = builder.hidden;
    links = builder.links;
    precompressed = builder.precompressed;
    clock = builder.clock;
  }

  /** What differs; each method of the outside makes a copy. */
  private static final class Builder {
    private Path root;
    private List<String> prefix = List.of();
    private String index = "index.html";
    private String cacheControl = "";
    private boolean hidden;
    private boolean links;
    private boolean precompressed;
    private InstantSource clock = InstantSource.system();

    Builder(Path root) {
      this.root = root;
    }

    Builder(StaticFiles from) {
      root = from.root;
      prefix = from.prefix;
      index = from.index;
      cacheControl = from.cacheControl;
      hidden = from.hidden;
      links = from.links;
      precompressed = from.precompressed;
      clock = from.clock;
    }
  }

  /**
   * {@return the files of this folder, for all paths} The folder is looked up at each request, so
   * it may be a link that is turned to another release while files are served.
   *
   * @param folder relative to the worker's working folder, which is {@code --chdir}
   */
  public static StaticFiles of(Path folder) {
    return new StaticFiles(new Builder(folder));
  }

  /**
   * {@return the same for paths below {@code path} only: {@code /assets} serves {@code
   * /assets/a.css} from {@code a.css}}
   *
   * @param path begins with a slash, and is not decoded
   * @throws IllegalArgumentException it does not begin with a slash
   */
  public StaticFiles under(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("Not a path: " + path + "; it begins with a slash");
    }
    Builder builder = new Builder(this);
    builder.prefix = List.copyOf(Segments.of(path).names());
    return new StaticFiles(builder);
  }

  /**
   * {@return the same with another file for folders than {@code index.html}; empty for none: 404}
   *
   * @param name of a file, such as {@code index.htm}
   */
  public StaticFiles index(String name) {
    Builder builder = new Builder(this);
    builder.index = name;
    return new StaticFiles(builder);
  }

  /**
   * {@return the same with this {@code Cache-Control}, such as {@code max-age=3600}; none by
   * default, so that clients ask again}
   *
   * @param value of the field; empty for none
   */
  public StaticFiles cacheControl(String value) {
    Builder builder = new Builder(this);
    builder.cacheControl = value;
    return new StaticFiles(builder);
  }

  /**
   * {@return the same, also serving files and folders whose names begin with a dot} Off by default.
   *
   * @param on whether they are served
   */
  public StaticFiles hidden(boolean on) {
    Builder builder = new Builder(this);
    builder.hidden = on;
    return new StaticFiles(builder);
  }

  /**
   * {@return the same, also following symbolic links that lead out of the folder} Off by default.
   *
   * @param on whether they are followed
   */
  public StaticFiles links(boolean on) {
    Builder builder = new Builder(this);
    builder.links = on;
    return new StaticFiles(builder);
  }

  /**
   * {@return the same, sending {@code a.css.br}, {@code a.css.zst} or {@code a.css.gz} in place of
   * {@code a.css} to clients that take it; of several the one the client likes best, in case of
   * doubt the first of these} Off by default: it costs up to three more looks at the disk, and the
   * files must be made.
   *
   * @param on whether they are looked for
   */
  public StaticFiles precompressed(boolean on) {
    Builder builder = new Builder(this);
    builder.precompressed = on;
    return new StaticFiles(builder);
  }

  /** The same at another time. */
  StaticFiles at(InstantSource time) {
    Builder builder = new Builder(this);
    builder.clock = time;
    return new StaticFiles(builder);
  }

  /**
   * {@return whether the request's path is one of those these files are for, there or not}
   *
   * @param request whose {@link RequestHead#rawPath} is asked for
   */
  public boolean covers(RequestHead request) {
    return prefix.isEmpty() || Segments.of(request.rawPath()).startsWith(prefix);
  }

  /**
   * Answers with a file, or says why not: 304, 403 (not readable), 404, 405, 412, 416.
   *
   * @throws IOException the disk failed
   */
  @Override
  public Response handle(Request request) throws IOException {
    String method = request.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return error(405, "Method Not Allowed").withHeader("allow", "GET, HEAD");
    }
    Segments path = Segments.of(request.rawPath());
    if (!request.rawPath().startsWith("/")
        || !path.startsWith(prefix)
        || !path.after(prefix.size()).harmless(hidden)) {
      return missing();
    }
    Segments rest = path.after(prefix.size());
    try {
      Optional<Path> file = find(rest);
      if (file.isEmpty()) {
        return missing();
      }
      if (Files.isDirectory(file.get())) {
        return rest.folder() ? folder(request, file.get()) : toFolder(request);
      }
      return rest.folder() ? missing() : file(request, file.get());
    } catch (InvalidPathException _) {
      return missing(); // a name the file system cannot have
    }
  }

  /** The real path of what was asked for, if it is there and within the folder. */
  private Optional<Path> find(Segments names) throws IOException {
    Path file = root;
    for (String name : names.names()) {
      file = file.resolve(name);
    }
    return real(file);
  }

  private Optional<Path> real(Path file) throws IOException {
    Path real;
    try {
      real = file.toRealPath();
    } catch (FileSystemException _) {
      return Optional.empty(); // not there, not a folder on the way, a name that is too long
    }
    return links || real.startsWith(root.toRealPath()) ? Optional.of(real) : Optional.empty();
  }

  private Response folder(Request request, Path folder) throws IOException {
    Optional<Path> file = index.isEmpty() ? Optional.empty() : real(folder.resolve(index));
    return file.isPresent() && !Files.isDirectory(file.get())
        ? file(request, file.get())
        : missing();
  }

  /**
   * Relative, so that it holds behind a proxy that takes a prefix away; and with a dot in front, so
   * that no name can be taken for a host or a scheme.
   */
  private static Response toFolder(Request request) {
    String raw = request.rawPath();
    String query = request.query().isEmpty() ? "" : "?" + request.query();
    return error(301, "Moved Permanently")
        .withHeader("location", "./" + raw.substring(raw.lastIndexOf('/') + 1) + "/" + query);
  }

  private Response file(Request request, Path file) throws IOException {
    Found found = variant(request, file);
    if (!found.attributes.isRegularFile()) {
      return missing();
    }
    if (!Files.isReadable(found.file)) {
      return error(403, "Forbidden");
    }
    long size = found.attributes.size();
    Validators validators =
        Validators.of(
            found.attributes,
            found.coding.isEmpty() ? "" : "-" + found.coding,
            Instant.ofEpochMilli(clock.millis()));
    Headers headers =
        Headers.of("etag", validators.etag(), "last-modified", validators.lastModified());
    if (!cacheControl.isEmpty()) {
      headers = headers.with("cache-control", cacheControl);
    }
    if (precompressed) {
      headers = headers.with("vary", "Accept-Encoding");
    }
    Validators.Verdict verdict = validators.judge(request.method(), request.headers());
    return switch (verdict) {
      case FAILED -> error(412, "Precondition Failed");
      case NOT_MODIFIED -> Response.of(304).withHeaders(headers);
      case SERVE_WHOLE -> whole(found, headers);
      case SERVE -> {
        List<String> asked = request.headers().all("range");
        Optional<List<ByteRange>> ranges =
            asked.size() == 1 ? ByteRange.of(asked.getFirst(), size) : Optional.empty();
        yield ranges.isEmpty() ? whole(found, headers) : part(found, headers, ranges.get());
      }
    };
  }

  /** The file, or a smaller one beside it that says the same. */
  private Found variant(Request request, Path file) throws IOException {
    if (precompressed && request.headers().contains("accept-encoding")) {
      AcceptEncoding accepted = AcceptEncoding.of(request.headers());
      Map<String, Found> there = new LinkedHashMap<>();
      for (Variant variant : VARIANTS) {
        if (accepted.takes(variant.coding)) {
          Optional<Path> beside = real(file.resolveSibling(file.getFileName() + variant.ending));
          if (beside.isPresent()) {
            BasicFileAttributes attributes = attributes(beside.get());
            if (attributes.isRegularFile()) {
              there.put(variant.coding, new Found(beside.get(), file, attributes, variant.coding));
            }
          }
        }
      }
      Optional<String> best = accepted.best(List.copyOf(there.keySet()));
      if (best.isPresent()) {
        return Objects.requireNonNull(there.get(best.get()));
      }
    }
    return new Found(file, file, attributes(file), "");
  }

  private static BasicFileAttributes attributes(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class);
  }

  private static Response whole(Found found, Headers headers) {
    long size = found.attributes.size();
    return new Response(
        200, described(found, headers), new Response.Body.File(found.file, 0, size));
  }

  private static Response part(Found found, Headers headers, List<ByteRange> ranges) {
    long size = found.attributes.size();
    if (ranges.isEmpty()) {
      return error(416, "Range Not Satisfiable").withHeader("content-range", "bytes */" + size);
    }
    if (ranges.size() > 1) {
      return whole(found, headers);
    }
    ByteRange range = ranges.getFirst();
    return new Response(
        206,
        described(found, headers)
            .with("content-range", "bytes " + range.first() + "-" + range.last() + "/" + size),
        new Response.Body.File(found.file, range.first(), range.length()));
  }

  private static Headers described(Found found, Headers headers) {
    Headers described =
        headers
            .with("content-type", MediaTypes.of(found.named))
            .with("accept-ranges", "bytes")
            .with("x-content-type-options", "nosniff");
    return found.coding.isEmpty() ? described : described.with("content-encoding", found.coding);
  }

  private static Response missing() {
    return error(404, "Not Found");
  }

  private static Response error(int status, String reason) {
    return Response.text(status + " " + reason + "\n").withStatus(status);
  }
}
