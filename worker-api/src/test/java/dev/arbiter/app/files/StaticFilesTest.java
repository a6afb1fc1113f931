package dev.arbiter.app.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Asked;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticFilesTest {
  @TempDir private static Path folder;

  private static Path root;
  private static StaticFiles files;

  @BeforeAll
  static void someFiles() throws IOException {
    root = Files.createDirectories(folder.resolve("public"));
    write("public/a.css", "public/docs/index.html", "public/docs/b c.txt", "public/ü.txt");
    write("public/.env", "public/.git/config", "public/docs/.hidden/x", "public/a.css.gz");
    write("secret.txt", "outside/x.txt", "public-sibling/x.txt", "public/%2e%2e.txt");
    Files.createDirectories(root.resolve("empty"));
    Files.createDirectories(root.resolve("odd/index.html"));
    Files.createSymbolicLink(root.resolve("inside"), Path.of("a.css"));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    Files.createSymbolicLink(root.resolve("escape"), folder.resolve("secret.txt"));
    Files.createSymbolicLink(root.resolve("relative"), Path.of("../secret.txt"));
    Files.createSymbolicLink(root.resolve("out"), folder.resolve("outside"));
    Files.createSymbolicLink(root.resolve("sibling"), folder.resolve("public-sibling"));
    Files.createDirectories(root.resolve("trap"));
    Files.createSymbolicLink(root.resolve("trap/index.html"), folder.resolve("secret.txt"));
    Instant later = Instant.now().plus(Duration.ofDays(1)); // by then all are settled
    files = StaticFiles.of(root).at(InstantSource.fixed(later));
  }

  private static void write(String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, name);
    }
  }

  private static int status(StaticFiles files, String target) throws IOException {
    return files.handle(Asked.get(target)).status();
  }

  private static String sent(StaticFiles files, String target, String... headers)
      throws IOException {
    return files.handle(Asked.get(target, headers)).body() instanceof Response.Body.File file
        ? root.toRealPath().relativize(file.path()).toString()
        : "";
  }

  @ParameterizedTest
  @CsvSource({
    "/a.css, a.css",
    "/%61.css, a.css",
    "/a.css?v=1, a.css",
    "/docs/, docs/index.html",
    "/docs/index.html, docs/index.html",
    "/docs/b%20c.txt, docs/b c.txt",
    "/%C3%BC.txt, ü.txt",
    "/%252e%252e.txt, %2e%2e.txt",
    "/inside, a.css",
  })
  void serves(String target, String file) throws IOException {
    assertThat(sent(files, target)).isEqualTo(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/..",
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/docs/../a.css",
        "/./a.css",
        "/docs/./index.html",
        "/%2e%2e/secret.txt",
        "/%2E%2E/secret.txt",
        "/.%2e/secret.txt",
        "/%2e./secret.txt",
        "/..%2fsecret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/docs%2f..%2f..%2fsecret.txt",
        "/docs%2findex.html",
        "/..%5csecret.txt",
        "/%2e%2e%5csecret.txt",
        "/..\\secret.txt",
        "/docs\\index.html",
        "/%252e%252e/secret.txt",
        "/..%c0%afsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/%e0%80%ae%e0%80%ae/secret.txt",
        "/%uff0e%uff0e/secret.txt",
        "/.../secret.txt",
        "/..;/secret.txt",
        "/..%00/secret.txt",
        "/a.css%00",
        "/a.css%00.txt",
        "/a.css%0a",
        "/a.css%7f",
        "/%00",
        "//a.css",
        "//etc/passwd",
        "///etc/passwd",
        "/docs//index.html",
        "/%2fetc/passwd",
        "/%2fetc%2fpasswd",
        "/file:%2f%2f%2fetc%2fpasswd",
        "/~root/.bashrc",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/.git/",
        "/docs/.hidden/x",
        "/escape",
        "/relative",
        "/out/x.txt",
        "/out/",
        "/out",
        "/sibling/x.txt",
        "/trap/",
        "/inside/",
        "/a.css/",
        "/a.css/x",
        "/empty/",
        "/odd/",
        "/loop",
        "/missing",
        "*",
        "a.css"
      })
  void isNotThere(String target) throws IOException {
    // The query of a request target cannot hide anything, so these are paths as they are sent.
    assertThat(status(files, target)).isEqualTo(404);
  }

  @Test
  void aNameThatIsTooLongIsNotThere() throws IOException {
    assertThat(status(files, "/" + "a".repeat(300))).isEqualTo(404);
    assertThat(status(files, "/a".repeat(4000))).isEqualTo(404);
  }

  @Test
  void whatIsHiddenCanBeShownAndLinksBeFollowed() throws IOException {
    assertThat(status(files.hidden(true), "/.env")).isEqualTo(200);
    assertThat(status(files.hidden(true), "/../secret.txt")).isEqualTo(404);
    assertThat(status(files.links(true), "/escape")).isEqualTo(200);
    assertThat(status(files.links(true), "/out/x.txt")).isEqualTo(200);
    assertThat(status(files.links(true), "/loop")).isEqualTo(404);
    assertThat(status(files.links(true), "/../secret.txt")).isEqualTo(404);
  }

  @Test
  void theFolderMayBeALinkItself() throws IOException {
    Path current = folder.resolve("current");
    Files.createSymbolicLink(current, root);
    assertThat(status(StaticFiles.of(current), "/a.css")).isEqualTo(200);
    assertThat(status(StaticFiles.of(current), "/escape")).isEqualTo(404);
    assertThat(status(StaticFiles.of(folder.resolve("nowhere")), "/a.css")).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({
    "/docs, ./docs/",
    "/docs?a=b, ./docs/?a=b",
    "/%64ocs, ./%64ocs/",
    "/docs/../docs, ''",
    "//docs, ''",
  })
  void aFolderIsAtItsPathWithASlash(String target, String location) throws IOException {
    Response answer = files.handle(Asked.get(target));
    assertThat(answer.headers().first("location").orElse("")).isEqualTo(location);
    assertThat(answer.status()).isEqualTo(location.isEmpty() ? 404 : 301);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "CONNECT"})
  void onlyGetAndHead(String method) throws IOException {
    Response answer = files.handle(Asked.of(method, "/a.css"));
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.headers().first("allow")).contains("GET, HEAD");
  }

  @Test
  void headIsAnsweredAsGet() throws IOException {
    Response head = files.handle(Asked.of("HEAD", "/a.css"));
    assertThat(head).isEqualTo(files.handle(Asked.get("/a.css")));
  }

  @ParameterizedTest
  @CsvSource({
    "/assets/a.css, a.css",
    "/%61ssets/a.css, a.css",
    "/assets/docs/, docs/index.html",
    "/a.css, ''",
    "/assets2/a.css, ''",
    "/assets/../assets/a.css, ''",
    "/assets/%2e%2e/a.css, ''",
  })
  void aPrefixIsTakenAway(String target, String file) throws IOException {
    assertThat(sent(files.under("/assets"), target)).isEqualTo(file);
    assertThat(sent(files.under("/assets/"), target)).isEqualTo(file);
  }

  @ParameterizedTest
  @CsvSource({
    "/assets, true",
    "/assets/, true",
    "/assets/x, true",
    "/assets/../x, true",
    "/assetsx, false",
    "/x/assets, false",
    "/assets%2fx, false",
    "/, false",
    "*, false",
  })
  void coversItsPrefix(String target, boolean covered) {
    assertThat(files.under("/assets").covers(Asked.get(target))).isEqualTo(covered);
  }

  @Test
  void aPrefixAloneIsAFolder() throws IOException {
    Response answer = files.under("/assets").handle(Asked.get("/assets"));
    assertThat(answer.headers().first("location")).contains("./assets/");
    assertThatThrownBy(() -> files.under("assets")).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "gzip, a.css.gz",
    "'br, gzip;q=0.5', a.css.gz",
    "*, a.css.gz",
    "GZIP, a.css.gz",
    "'gzip;q=0', a.css",
    "'gzip; q=0.000, *', a.css",
    "'*;q=0', a.css",
    "br, a.css",
    "'', a.css",
  })
  void aCompressedFileIsSentToWhoTakesIt(String accepted, String file) throws IOException {
    StaticFiles compressed = files.precompressed(true);
    assertThat(sent(compressed, "/a.css", "accept-encoding", accepted)).isEqualTo(file);
    Response answer = compressed.handle(Asked.get("/a.css", "accept-encoding", accepted));
    assertThat(answer.headers().first("vary")).contains("Accept-Encoding");
    assertThat(answer.headers().first("content-type")).contains("text/css; charset=utf-8");
    assertThat(answer.headers().first("content-encoding").isPresent())
        .isEqualTo(file.endsWith(".gz"));
    assertThat(answer.headers().first("etag").orElseThrow().contains("gzip"))
        .isEqualTo(file.endsWith(".gz"));
  }

  @Test
  void compressedFilesAreNotLookedForUnlessAskedFor() throws IOException {
    assertThat(sent(files, "/a.css", "accept-encoding", "gzip")).isEqualTo("a.css");
  }

  @Test
  void howLongItMayBeKeptCanBeSaid() throws IOException {
    Response answer = files.cacheControl("max-age=60").handle(Asked.get("/a.css"));
    assertThat(answer.headers().first("cache-control")).contains("max-age=60");
    assertThat(answer.headers().first("x-content-type-options")).contains("nosniff");
    assertThat(answer.headers().first("accept-ranges")).contains("bytes");
  }
}
