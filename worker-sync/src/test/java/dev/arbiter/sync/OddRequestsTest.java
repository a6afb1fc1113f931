package dev.arbiter.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.OddRequest;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the table, against a worker, as one piece and byte by byte. */
class OddRequestsTest {
  private static final BlockingApp READER =
      request -> Response.text(request.method() + " " + request.body().readAllBytes().length);

  private static Fixture fixture;

  @BeforeAll
  static void start() throws Exception {
    fixture = Fixture.serving(READER);
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  static List<OddRequest> table() {
    return OddRequest.all();
  }

  @ParameterizedTest
  @MethodSource("table")
  void isAnsweredExactly(OddRequest request) throws Exception {
    try (RawClient client = fixture.connect()) {
      client.send(request.bytes());
      check(request, client);
    }
  }

  @ParameterizedTest
  @MethodSource("table")
  void isAnsweredTheSameInPieces(OddRequest request) throws Exception {
    try (RawClient client = fixture.connect()) {
      byte[] bytes = request.bytes();
      int step = Math.max(1, bytes.length / 200);
      for (int i = 0; i < bytes.length; i += step) {
        client.send(java.util.Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + step)));
      }
      check(request, client);
    }
  }

  private static void check(OddRequest request, RawClient client) throws Exception {
    RawClient.Answer answer = client.answer();
    assertThat(answer.status()).as(answer.body()).isEqualTo(request.status());
    if (request.closes()) {
      assertThat(answer.field("connection")).isEqualTo("close");
      assertThat(client.ended()).isTrue();
    } else {
      assertThat(answer.field("connection")).isIn("", "keep-alive");
      assertThat(client.get("/next").status()).isEqualTo(200);
    }
  }
}
