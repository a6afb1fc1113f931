package dev.arbiter.app.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.Asked;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Conditions and ranges of a file of ten bytes, last modified 2026-01-02 03:04:05.678 UTC. In the
 * table {@code TAG} stands for its entity tag, {@code DATE} for its date, {@code EARLY} and {@code
 * LATE} for a second before and after, and {@code |} parts header fields.
 */
class ConditionsTest {
  private static final Instant MODIFIED = Instant.parse("2026-01-02T03:04:05.678Z");
  private static final String DATE = "Fri, 02 Jan 2026 03:04:05 GMT";

  @TempDir private static Path folder;

  @BeforeAll
  static void aFile() throws IOException {
    Path file = folder.resolve("ten.txt");
    Files.writeString(file, "0123456789");
    Files.setLastModifiedTime(file, FileTime.from(MODIFIED));
    Files.createFile(folder.resolve("empty.txt"));
  }

  private static Response ask(String method, String path, Instant now, String... headers)
      throws IOException {
    return StaticFiles.of(folder)
        .at(InstantSource.fixed(now))
        .handle(Asked.of(method, path, headers));
  }

  private static final Instant NOW = MODIFIED.plus(Duration.ofDays(1));

  private static String[] fields(String text) throws IOException {
    String tag = ask("GET", "/ten.txt", NOW).headers().first("etag").orElseThrow();
    List<String> fields = new ArrayList<>();
    for (String field : text.split("\\|")) {
      int colon = field.indexOf(':');
      if (colon > 0) {
        fields.add(field.substring(0, colon).strip());
        fields.add(
            field
                .substring(colon + 1)
                .strip()
                .replace("TAG", tag)
                .replace("DATE", DATE)
                .replace("EARLY", "Fri, 02 Jan 2026 03:04:04 GMT")
                .replace("LATE", "Fri, 02 Jan 2026 03:04:06 GMT"));
      }
    }
    return fields.toArray(String[]::new);
  }

  /** The status, and for a part where it is; for a body how long. */
  private static String outcome(Response response) {
    String range = response.headers().first("content-range").map(text -> " " + text).orElse("");
    return response.status() + range;
  }

  @ParameterizedTest(name = "{0} {1} -> {2}")
  @CsvSource(
      delimiter = ';',
      value = {
        // Nothing asked, and what is no condition.
        "GET;  -; 200",
        "HEAD; -; 200",
        // If-Match: strong comparison.
        "GET;  if-match: TAG; 200",
        "GET;  if-match: *; 200",
        "GET;  if-match: \"x\"; 412",
        "HEAD; if-match: \"x\"; 412",
        "GET;  if-match: \"x\", TAG; 200",
        "GET;  if-match: \"x\"|if-match: TAG; 200",
        "GET;  if-match: W/TAG; 412",
        "GET;  if-match: nonsense; 412",
        "GET;  if-match: \"a,b\", TAG; 200",
        // If-Unmodified-Since, unless there is If-Match.
        "GET;  if-unmodified-since: DATE; 200",
        "GET;  if-unmodified-since: LATE; 200",
        "GET;  if-unmodified-since: EARLY; 412",
        "GET;  if-unmodified-since: yesterday; 200",
        "GET;  if-match: TAG|if-unmodified-since: EARLY; 200",
        "GET;  if-match: \"x\"|if-unmodified-since: LATE; 412",
        // If-None-Match: weak comparison.
        "GET;  if-none-match: TAG; 304",
        "HEAD; if-none-match: TAG; 304",
        "GET;  if-none-match: W/TAG; 304",
        "GET;  if-none-match: *; 304",
        "GET;  if-none-match: \"x\"; 200",
        "GET;  if-none-match: \"x\",\"y\" , TAG; 304",
        "GET;  if-none-match: , ,TAG; 304",
        "GET;  if-none-match: \"unterminated; 200",
        // If-Modified-Since, unless there is If-None-Match.
        "GET;  if-modified-since: DATE; 304",
        "HEAD; if-modified-since: DATE; 304",
        "GET;  if-modified-since: LATE; 304",
        "GET;  if-modified-since: EARLY; 200",
        "GET;  if-modified-since: soon; 200",
        "GET;  if-modified-since: DATE|if-modified-since: DATE; 200",
        "GET;  if-modified-since: Friday, 02-Jan-26 03:04:05 GMT; 304",
        "GET;  if-modified-since: Fri Jan  2 03:04:05 2026; 304",
        "GET;  if-modified-since: Fri, 02 Jan 2026 03:04:05 CET; 200",
        "GET;  if-none-match: \"x\"|if-modified-since: LATE; 200",
        "GET;  if-none-match: \"x\" TAG; 304",
        "GET;  if-none-match: TAG|if-modified-since: EARLY; 304",
        // Both kinds: the one that protects comes first.
        "GET;  if-match: TAG|if-none-match: TAG; 304",
        "GET;  if-match: \"x\"|if-none-match: TAG; 412",
        "GET;  if-unmodified-since: LATE|if-modified-since: LATE; 304",
        "GET;  if-unmodified-since: EARLY|if-modified-since: LATE; 412",
        // One range.
        "GET;  range: bytes=0-3; 206 bytes 0-3/10",
        "GET;  range: bytes=4-; 206 bytes 4-9/10",
        "GET;  range: bytes=-3; 206 bytes 7-9/10",
        "GET;  range: bytes=-99; 206 bytes 0-9/10",
        "GET;  range: bytes=9-99; 206 bytes 9-9/10",
        "GET;  range: BYTES=0-0; 206 bytes 0-0/10",
        "GET;  range: bytes=0-999999999999999999; 206 bytes 0-9/10",
        "GET;  range: bytes= 0-1 ; 206 bytes 0-1/10",
        "GET;  range: bytes=0-9999999999999999999999; 206 bytes 0-9/10",
        "GET;  range: bytes=-9999999999999999999999; 206 bytes 0-9/10",
        "GET;  range: bytes=0-0,99999999999999999999-; 206 bytes 0-0/10",
        "GET;  range: bytes=000000000000000000000001-0000000000000000000002; 206 bytes 1-2/10",
        "GET;  range: bytes=9223372036854775807-; 416 bytes */10",
        "GET;  range: bytes=9999999999999999999999-; 416 bytes */10",
        "GET;  range: bytes=9999999999999999999998-9999999999999999999999; 416 bytes */10",
        "GET;  range: bytes=10-; 416 bytes */10",
        "GET;  range: bytes=10-20,30-; 416 bytes */10",
        "GET;  range: bytes=-0; 416 bytes */10",
        // Several: those that join to one are a part, others the whole.
        "GET;  range: bytes=0-1,2-3; 206 bytes 0-3/10",
        "GET;  range: bytes=5-9,0-6; 206 bytes 0-9/10",
        "GET;  range: bytes=0-1,-1; 200",
        "GET;  range: bytes=0-1,20-30; 206 bytes 0-1/10",
        "GET;  range: bytes=,0-1,; 206 bytes 0-1/10",
        // Malformed, of another unit, or where there are none: ignored.
        "HEAD; range: bytes=0-3; 200",
        "GET;  range: lines=0-3; 200",
        "GET;  range: bytes=3-2; 200",
        "GET;  range: bytes=9999999999999999999999-9999999999999999999998; 200",
        "GET;  range: bytes=a-b; 200",
        "GET;  range: bytes=-; 200",
        "GET;  range: bytes=; 200",
        "GET;  range: bytes=1; 200",
        "GET;  range: bytes=0 - 3; 200",
        "GET;  range: bytes=+1-3; 200",
        "GET;  range: bytes=0x0-3; 200",
        "GET;  range: 0-3; 200",
        "GET;  range: bytes=0-1|range: bytes=2-3; 200",
        // If-Range.
        "GET;  if-range: TAG|range: bytes=0-3; 206 bytes 0-3/10",
        "GET;  if-range: DATE|range: bytes=0-3; 206 bytes 0-3/10",
        "GET;  if-range: LATE|range: bytes=0-3; 200",
        "GET;  if-range: EARLY|range: bytes=0-3; 200",
        "GET;  if-range: \"x\"|range: bytes=0-3; 200",
        "GET;  if-range: W/TAG|range: bytes=0-3; 200",
        "GET;  if-range: \"x\"|range: bytes=99-; 200",
        "GET;  if-range: TAG|range: bytes=99-; 416 bytes */10",
        "GET;  if-range: TAG; 200",
        // A condition comes before the range.
        "GET;  if-none-match: TAG|range: bytes=0-3; 304",
        "GET;  if-match: \"x\"|range: bytes=0-3; 412",
        "GET;  if-match: \"x\"|range: bytes=99-; 412",
        "GET;  if-match: TAG|range: bytes=0-3; 206 bytes 0-3/10",
      })
  void answers(String method, String sent, String expected) throws IOException {
    assertThat(outcome(ask(method, "/ten.txt", NOW, fields(sent)))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"bytes=0-; 416", "bytes=-5; 416", "bytes=0-0; 416"})
  void ofNothingThereIsNoPart(String range, int status) throws IOException {
    assertThat(ask("GET", "/empty.txt", NOW, "range", range).status()).isEqualTo(status);
  }

  @Test
  void aRangeIsThatPartOfTheFile() throws IOException {
    Response part = ask("GET", "/ten.txt", NOW, "range", "bytes=3-5");
    assertThat(part.body())
        .isEqualTo(new Response.Body.File(folder.toRealPath().resolve("ten.txt"), 3, 3));
    assertThat(part.headers().first("etag")).isPresent();
    assertThat(part.headers().first("content-type")).contains("text/plain; charset=utf-8");
  }

  @Test
  void tooManyRangesAreIgnored() throws IOException {
    String many = "bytes=" + "0-0,".repeat(32) + "0-0";
    assertThat(ask("GET", "/ten.txt", NOW, "range", many).status()).isEqualTo(200);
  }

  @Test
  void whatIsNotModifiedSaysWhatACacheNeeds() throws IOException {
    Response answer = ask("GET", "/ten.txt", NOW, fields("if-none-match: TAG"));
    assertThat(Stream.of("etag", "last-modified").map(answer.headers()::first))
        .allMatch(java.util.Optional::isPresent);
    assertThat(answer.headers().first("last-modified")).contains(DATE);
    assertThat(answer.headers().contains("content-type")).isFalse();
  }

  @Test
  void aFileThatWasChangedJustNowMayBeChangedAgain() throws IOException {
    Instant soon = MODIFIED.plusMillis(500);
    Response answer = ask("GET", "/ten.txt", soon);
    String weak = answer.headers().first("etag").orElseThrow();
    assertThat(weak).startsWith("W/\"");
    assertThat(ask("GET", "/ten.txt", soon, "if-none-match", weak).status()).isEqualTo(304);
    assertThat(ask("GET", "/ten.txt", NOW, "if-none-match", weak).status()).isEqualTo(304);
    String[] partly = {"if-range", DATE, "range", "bytes=0-1"};
    assertThat(ask("GET", "/ten.txt", soon, partly).status()).isEqualTo(200);
    assertThat(ask("GET", "/ten.txt", soon, "if-match", weak).status()).isEqualTo(412);
  }

  @Test
  void aDateInTheFutureIsNotTold() throws IOException {
    Response answer = ask("GET", "/ten.txt", MODIFIED.minus(Duration.ofDays(1)));
    assertThat(answer.headers().first("last-modified")).contains("Thu, 01 Jan 2026 03:04:05 GMT");
  }

  @Test
  void aChangeIsAnotherTag() throws IOException {
    Path file = folder.resolve("changing.txt");
    Files.writeString(file, "one");
    Files.setLastModifiedTime(file, FileTime.from(MODIFIED));
    String before = ask("GET", "/changing.txt", NOW).headers().first("etag").orElseThrow();
    Files.writeString(file, "two");
    Files.setLastModifiedTime(file, FileTime.from(MODIFIED.plusMillis(1)));
    assertThat(ask("GET", "/changing.txt", NOW).headers().first("etag").orElseThrow())
        .isNotEqualTo(before);
  }
}
