package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.OddRequest;
import dev.arbiter.http.RawClient;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the table, against both contracts, as one piece and in pieces. */
class OddRequestsTest {
  private static Fixture blocking;
  private static Fixture async;

  @BeforeAll
  static void start() throws Exception {
    blocking = Fixture.serving(Apps.READER);
    async = Fixture.serving(Apps.ASYNC_READER);
  }

  @AfterAll
  static void stop() {
    blocking.close();
    async.close();
  }

  static List<OddRequest> table() {
    return OddRequest.all();
  }

  @ParameterizedTest
  @MethodSource("table")
  void isAnsweredExactly(OddRequest request) throws Exception {
    for (Fixture fixture : List.of(blocking, async)) {
      try (RawClient client = fixture.connect()) {
        client.send(request.bytes());
        check(request, client);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("table")
  void isAnsweredTheSameInPieces(OddRequest request) throws Exception {
    for (Fixture fixture : List.of(blocking, async)) {
      try (RawClient client = fixture.connect()) {
        byte[] bytes = request.bytes();
        int step = Math.max(1, bytes.length / 200);
        for (int i = 0; i < bytes.length; i += step) {
          client.send(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + step)));
        }
        check(request, client);
      }
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
