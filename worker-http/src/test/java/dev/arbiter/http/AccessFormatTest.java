package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.arbiter.app.Headers;
import dev.arbiter.worker.AccessAtoms;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class AccessFormatTest {
  private static final long END = 1_795_420_800_123L;
  private static final AccessRecord RECORD =
      new AccessRecord(
          new InetSocketAddress("192.0.2.7", 50123),
          END,
          "GET",
          "/a/b?x=1",
          "HTTP/1.1",
          Headers.of(
              "User-Agent",
              "curl/8 \"x\"",
              "Referer",
              "http://r/",
              "Authorization",
              "Basic YWxpY2U6c2VjcmV0",
              "X-Odd",
              "a\tb\u00e9\\"),
          200,
          Headers.of("X-Id", "7"),
          13,
          1_234_567_890L);

  @Test
  void theDefaultIsGunicorns() {
    String date =
        DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT)
            .format(Instant.ofEpochMilli(END).atZone(ZoneId.systemDefault()));
    assertThat(line(AccessFormat.DEFAULT))
        .isEqualTo(
            "192.0.2.7 - alice ["
                + date
                + "] \"GET /a/b?x=1 HTTP/1.1\" 200 13 \"http://r/\" \"curl/8 \\\"x\\\"\"");
  }

  @Test
  void everyAtomHasItsMeaning() {
    assertThat(line("%(m)s %(U)s %(q)s %(H)s %(B)s")).isEqualTo("GET /a/b x=1 HTTP/1.1 13");
    assertThat(line("%(T)s %(M)s %(D)s %(L)s")).isEqualTo("1 1234 1234567 1.234567");
    assertThat(line("%(p)s")).isEqualTo("<" + ProcessHandle.current().pid() + ">");
    assertThat(line("%({x-id}o)s %({X-ID}o)s %({none}i)s")).isEqualTo("7 7 -");
    assertThat(line("%({REQUEST_METHOD}e)s %({http_referer}e)s %({remote_port}e)s"))
        .isEqualTo("GET http://r/ 50123");
    assertThat(line("100%% %(s)d")).isEqualTo("100% 200");
  }

  @Test
  void jsonIsAnObjectInALine() {
    assertThat(line("json"))
        .isEqualTo(
            "{\"time\":\"%s\",\"client\":\"192.0.2.7\",\"user\":\"alice\",\"method\":\"GET\","
                    .formatted(Instant.ofEpochMilli(END))
                + "\"path\":\"/a/b\",\"query\":\"x=1\",\"version\":\"HTTP/1.1\",\"status\":200,"
                + "\"bytes\":13,\"duration_us\":1234567,\"referer\":\"http://r/\","
                + "\"user_agent\":\"curl/8 \\\"x\\\"\",\"pid\":%d}"
                    .formatted(ProcessHandle.current().pid()));
  }

  @Test
  void jsonStaysWholeWhateverAClientSends() {
    String much = "\u0001\u00e9\"".repeat(4000);
    AccessRecord longest =
        new AccessRecord(
            new InetSocketAddress("192.0.2.7", 1),
            END,
            much,
            "/" + much + "?" + much,
            "HTTP/1.1",
            Headers.of("User-Agent", much, "Referer", much),
            200,
            Headers.empty(),
            1,
            1);
    StringBuilder text = new StringBuilder();
    AccessFormat.compile("json").append(text, longest);
    assertThat(text.length()).isLessThan(4096);
    assertThat(text.toString()).startsWith("{\"time\"").endsWith("}").matches("\\p{ASCII}+");
  }

  @Test
  void aClientCannotForgeALineOrAField() {
    assertThat(line("\"%({x-odd}i)s\"")).isEqualTo("\"a\\x09b\\xe9\\\\\"");
  }

  @Test
  void unknownAtomsAreNamedAndPrintedAsDash() {
    String format = "%(s)s %(Z)s %({a}h)s %(st)s %%";
    assertThat(AccessAtoms.unknown(format)).containsExactly("%(Z)s", "%({a}h)s", "%(st)s");
    assertThat(line(format)).isEqualTo("200 - - - %");
  }

  @Test
  void everyAtomThatIsKnownIsFilledIn() {
    for (char letter = 'A'; letter <= 'z'; letter++) {
      for (String atom : List.of("%(" + letter + ")s", "%({x-odd}" + letter + ")s")) {
        assertThatCode(() -> AccessFormat.compile(atom)).doesNotThrowAnyException();
      }
    }
  }

  @Test
  void aRequestThatCouldNotBeReadHasNoLine() {
    IncomingHead unread = new IncomingHead(RequestRules.STANDARD);
    StringBuilder line = new StringBuilder();
    AccessFormat.compile("%(h)s \"%(r)s\" %(s)s %(U)s %(H)s \"%(a)s\"")
        .append(line, AccessRecord.of(unread, null, 400, Headers.empty(), 0, 5));
    assertThat(line.toString()).isEqualTo("- \"-\" 400 - - \"-\"");
  }

  private static String line(String format) {
    StringBuilder line = new StringBuilder();
    AccessFormat.compile(format).append(line, RECORD);
    return line.toString();
  }
}
