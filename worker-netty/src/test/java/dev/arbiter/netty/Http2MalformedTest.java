package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.StrictCase;
import dev.arbiter.http.StrictCase.Sight;
import dev.arbiter.http.Witness;
import dev.arbiter.netty.H2Client.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP/2 itself calls malformed is reset, is answered with nothing, and reaches no app. */
class Http2MalformedTest {
  private static final int PROTOCOL_ERROR = 1;
  private static final Witness WITNESS = new Witness();
  private static Fixture fixture;

  /**
   * A row of {@code malformed-streams.txt}, whose head explains its form.
   *
   * @param fields names and values in turn
   * @param trailers the same; empty if there are none
   */
  record Row(String section, String name, List<String> fields, List<String> trailers) {
    @Override
    public String toString() {
      return name + " (" + section + ")";
    }
  }

  @BeforeAll
  static void start() throws Exception {
    fixture = Fixture.serving(WITNESS.blocking(), "h2c", "prior-knowledge");
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  static List<Row> table() {
    return StrictCase.lines(Http2MalformedTest.class, "malformed-streams.txt").stream()
        .map(Http2MalformedTest::parse)
        .toList();
  }

  private static Row parse(String line) {
    String[] parts =
        line.replace("<ALL>", ":method=POST; :scheme=http; :authority=a; :path=/")
            .replace(
                "<CONNECT>",
                ":method=CONNECT; :protocol=websocket; :scheme=http; :authority=a; :path=/")
            .split(" \\| ", 4);
    return new Row(
        parts[0], parts[1], fields(parts[2]), parts.length < 4 ? List.of() : fields(parts[3]));
  }

  private static List<String> fields(String text) {
    return Arrays.stream(text.split("; "))
        .flatMap(field -> Arrays.stream(field.split("=", 2)))
        .map(StrictCase::unescape)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("table")
  void isResetAndNothingElse(Row row) throws Exception {
    isResetAndNothingElse(fixture, row);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8441-3 | :protocol that was not offered | <CONNECT>",
        "8441-3 | :protocol that was not offered, and none that is known |"
            + " :method=CONNECT; :protocol=x; :scheme=http; :authority=a; :path=/",
      })
  void withoutWebSocketsNoProtocolIsKnown(String row) throws Exception {
    try (Fixture without =
        Fixture.serving(WITNESS.blocking(), "h2c", "prior-knowledge", "ws", "none")) {
      isResetAndNothingElse(without, parse(row));
    }
  }

  private static void isResetAndNothingElse(Fixture asked, Row row) throws Exception {
    try (H2Client client = H2Client.to(asked)) {
      int port = client.raw().port();
      WITNESS.expect(port);
      client.frame(HEADERS, END_HEADERS, 1, literals(row.fields()));
      boolean trailers = !row.trailers().isEmpty();
      client.data(1, "DATA", !trailers);
      if (trailers) {
        client.frame(HEADERS, END_HEADERS | END_STREAM, 1, literals(row.trailers()));
      }
      isReset(client.untilNow());
      assertThat(client.get(3, "/probe").answer(3).status()).isEqualTo(200);
      List<Sight> seen = new ArrayList<>(WITNESS.of(port, trailers ? 2 : 1));
      assertThat(seen.removeLast().line()).isEqualTo("GET /probe HTTP/2");
      if (trailers) {
        assertThat(seen.removeFirst().whole()).as("the body").isFalse();
      }
      assertThat(seen).isEmpty();
    }
  }

  private static byte[] literals(List<String> fields) {
    return H2Client.literals(fields.toArray(String[]::new));
  }

  private static void isReset(List<Frame> frames) {
    assertThat(frames).extracting(Frame::type).containsExactly(RST_STREAM);
    assertThat(frames.getFirst().stream()).isEqualTo(1);
    assertThat(frames.getFirst().number(0)).isEqualTo(PROTOCOL_ERROR);
  }

  /** RFC 9113 section 8.1: what follows a body ends the stream. */
  @Test
  void trailersThatDoNotEndTheStream() throws Exception {
    try (H2Client client = H2Client.to(fixture)) {
      client.post(1, "/").data(1, "abc", false);
      client.frame(HEADERS, END_HEADERS, 1, client.block("x-sum", "6"));
      isReset(client.untilNow());
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  /** RFC 9113 section 8.1.1. Which comes first, the app or the fault, is a matter of time. */
  @ParameterizedTest
  @ValueSource(strings = {"3", "5", "0"})
  void aBodyOfAnotherLengthThanAnnounced(String value) throws Exception {
    try (H2Client client = H2Client.to(fixture)) {
      client.post(1, "/", "content-length", value).data(1, "abcd", true);
      isReset(client.untilNow());
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  /** RFC 9110 section 8.6; a list of one length is refused in HTTP/1 as well. */
  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "+4", "4, 4", "", "0x4", "9999999999999999999"})
  void aLengthThatIsNone(String value) throws Exception {
    try (H2Client client = H2Client.to(fixture)) {
      client.post(1, "/", "content-length", value).data(1, "abcd", true);
      isReset(client.untilNow());
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"4", "5"})
  void twoLengths(String second) throws Exception {
    try (H2Client client = H2Client.to(fixture)) {
      client.post(1, "/", "content-length", "4", "content-length", second).data(1, "abcd", true);
      isReset(client.untilNow());
      assertThat(client.get(3, "/").answer(3).status()).isEqualTo(200);
    }
  }
}
