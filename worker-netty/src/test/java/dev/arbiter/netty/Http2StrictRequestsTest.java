package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.CONTINUATION;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.END_STREAM;
import static dev.arbiter.netty.H2Client.GOAWAY;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.RST_STREAM;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.StrictCase.Sight;
import dev.arbiter.http.StrictSuite;
import dev.arbiter.http.Witness;
import dev.arbiter.netty.H2Client.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What can be said in both versions is judged alike: the cases of HTTP/1's table over HTTP/2, once
 * with the host as {@code :authority} and once as {@code Host}.
 */
class Http2StrictRequestsTest {
  private static final int FRAME = 16_384;
  private static final Witness WITNESS = new Witness();
  private static Fixture fixture;

  @BeforeAll
  static void start() throws Exception {
    fixture = Fixture.serving(WITNESS.blocking(), "h2c", "prior-knowledge");
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  static List<StreamCase> table() {
    return StreamCase.all();
  }

  @ParameterizedTest
  @MethodSource("table")
  void isJudgedAsInHttp1(StreamCase one) throws Exception {
    for (boolean authority : new boolean[] {true, false}) {
      try (H2Client client = H2Client.to(fixture)) {
        int port = client.raw().port();
        WITNESS.expect(port);
        send(client, one, authority);
        String outcome = outcome(client, 1, one.method().equals("HEAD"));
        assertThat(outcome).isEqualTo(one.outcome(authority));
        List<Sight> expected = new ArrayList<>(one.seen(authority));
        if (!outcome.startsWith("goaway")) {
          assertThat(outcome(client.get(3, "/probe"), 3, false)).isEqualTo("200");
          expected.add(new Sight("GET /probe HTTP/2", List.of("host: a"), "", true));
        }
        assertThat(WITNESS.of(port, expected.size())).isEqualTo(expected);
      } catch (AssertionError failed) {
        throw new AssertionError(
            one + (authority ? ", with :authority: " : ", with Host: ") + failed.getMessage(),
            failed);
      }
    }
  }

  private static void send(H2Client client, StreamCase one, boolean authority) throws Exception {
    byte[] block = H2Client.literals(one.list(authority).toArray(String[]::new));
    int end = one.body().isEmpty() ? END_STREAM : 0;
    for (int from = 0; from < block.length; from += FRAME) {
      int to = Math.min(block.length, from + FRAME);
      int last = to == block.length ? END_HEADERS : 0;
      byte[] part = Arrays.copyOfRange(block, from, to);
      client.frame(from == 0 ? HEADERS : CONTINUATION, (from == 0 ? end : 0) | last, 1, part);
    }
    if (end == 0) {
      client.frame(H2Client.DATA, END_STREAM, 1, one.body().getBytes(ISO_8859_1));
    }
  }

  /** As the table says it; what the worker itself answers is one of its texts and nothing else. */
  private static String outcome(H2Client client, int stream, boolean head) throws Exception {
    String status = "";
    StringBuilder body = new StringBuilder();
    Frame frame;
    do {
      frame = client.next();
      switch (frame.type()) {
        case RST_STREAM -> {
          if (frame.stream() < stream) {
            continue; // the one before was answered early, and may be asked to send no more
          }
          return "reset " + frame.number(0);
        }
        case GOAWAY -> {
          return "goaway " + frame.number(4);
        }
        case HEADERS -> {
          status = String.valueOf(frame.fields().status());
          if (status.compareTo("400") >= 0) {
            fields(frame);
          }
        }
        default -> body.append(new String(frame.payload(), ISO_8859_1));
      }
    } while (!frame.ends());
    if (status.compareTo("400") >= 0 && !head) {
      assertThat(StrictSuite.isRefusal(body.toString())).as(body.toString()).isTrue();
    }
    return status;
  }

  private static void fields(Frame frame) {
    List<String> names = new ArrayList<>();
    for (Map.Entry<CharSequence, CharSequence> field : frame.fields()) {
      names.add(field.getKey().toString());
    }
    assertThat(names)
        .containsExactlyInAnyOrder(":status", "content-type", "content-length", "date", "server");
  }
}
