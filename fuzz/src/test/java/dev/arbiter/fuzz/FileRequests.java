package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.files.StaticFiles;
import dev.arbiter.http.ReadRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request for a file: its target, then lines of header fields.
 *
 * <p>What must hold: what is sent lies within the folder, and a part of it within the file; and the
 * redirect to a folder stays with this server.
 */
public final class FileRequests {
  private static final Set<Integer> STATUSES = Set.of(200, 206, 301, 304, 404, 405, 412, 416);
  private static final Path TOP = make();
  private static final Path ROOT = TOP.resolve("public");
  private static final List<StaticFiles> SERVERS =
      List.of(
          StaticFiles.of(ROOT),
          StaticFiles.of(ROOT).precompressed(true),
          StaticFiles.of(ROOT).hidden(true),
          StaticFiles.of(ROOT).under("/b"));

  private FileRequests() {}

  private static Path make() {
    try {
      Path top = Files.createTempDirectory("files").toRealPath();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(top)));
      Path root = top.resolve("public");
      Files.createDirectories(root.resolve("a/c"));
      Files.writeString(top.resolve("secret"), "secret");
      Files.createDirectory(top.resolve("public2"));
      Files.writeString(top.resolve("public2/secret"), "secret");
      Files.writeString(root.resolve("b"), "0123456789");
      Files.writeString(root.resolve("b.gz"), "012345");
      Files.writeString(root.resolve(".h"), "hidden");
      Files.writeString(root.resolve("a/index.html"), "index");
      Files.createSymbolicLink(root.resolve("out"), top.resolve("secret"));
      Files.createSymbolicLink(root.resolve("up"), top);
      Files.createSymbolicLink(root.resolve("in"), root.resolve("a"));
      return top;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void remove(Path top) {
    try {
      Files.walkFileTree(
          top,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
                throws IOException {
              Files.delete(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    List<String> lines = new String(bytes, ISO_8859_1).lines().toList();
    if (lines.isEmpty()) {
      return;
    }
    Optional<Request> request =
        ReadRequest.of("GET", lines.getFirst(), lines.subList(1, lines.size()));
    for (StaticFiles files : SERVERS) {
      request.ifPresent(asked -> check(asked, files));
    }
  }

  private static void check(Request request, StaticFiles files) {
    Response response;
    try {
      response = files.handle(request);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    require(STATUSES.contains(response.status()), response);
    Optional<String> location = response.headers().first("location");
    location.ifPresent(to -> require(to.startsWith("./") && !to.startsWith(".//"), response));
    if (response.body() instanceof Response.Body.File(Path path, long offset, long length)) {
      require(path.startsWith(ROOT) && !path.endsWith("secret"), response);
      try {
        require(path.toRealPath().equals(path), response);
        require(offset >= 0 && length >= 0 && offset + length <= Files.size(path), response);
        require(response.status() == 206 || length == Files.size(path), response);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  private static void require(boolean holds, Response response) {
    if (!holds) {
      throw new AssertionError(response.toString());
    }
  }
}
