package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Trailers in both directions, and interim responses, as HEADERS of HTTP/2. */
final class Http2FieldsTest {
  private static final BlockingApp APP =
      request -> {
        request.body().readAllBytes();
        if (request.path().equals("/hints")) {
          request.inform(103, Headers.of("Link", "</a.css>; rel=preload"));
        }
        String sum = request.trailers().first("x-sum").orElse("none");
        return request.path().equals("/trailers")
            ? Response.stream("text/plain", out -> out.write('a'))
                .withTrailers(() -> Headers.of("X-Sum", "97"))
            : Response.text(sum);
      };

  private static Fixture fixture() throws Exception {
    return Fixture.serving(APP, "h2c", "prior-knowledge");
  }

  @Test
  void trailersOfARequestReachTheApp() throws Exception {
    try (Fixture fixture = fixture();
        H2Client client = H2Client.to(fixture)) {
      client.post(1, "/").data(1, "abc", false);
      int last = H2Client.END_HEADERS | H2Client.END_STREAM;
      client.frame(H2Client.HEADERS, last, 1, client.block("x-sum", "6"));
      assertThat(client.answer(1).body()).isEqualTo("6");
      assertThat(client.post(3, "/").data(3, "abc", true).answer(3).body()).isEqualTo("none");
    }
  }

  @Test
  void trailersOfAResponseEndItsStream() throws Exception {
    try (Fixture fixture = fixture();
        H2Client client = H2Client.to(fixture)) {
      client.get(1, "/trailers", "te", "trailers");
      H2Client.Frame frame = client.next();
      assertThat(frame.fields().status()).hasToString("200");
      assertThat(client.next().payload()).containsExactly('a');
      H2Client.Frame trailers = client.next();
      assertThat(trailers.type()).isEqualTo(H2Client.HEADERS);
      assertThat(trailers.ends()).isTrue();
      assertThat(trailers.fields().get("x-sum")).hasToString("97");
      assertThat(trailers.fields().status()).isNull();
    }
  }

  @Test
  void anInterimResponseComesBeforeTheResponse() throws Exception {
    try (Fixture fixture = fixture();
        H2Client client = H2Client.to(fixture)) {
      H2Client.Frame hints = client.get(1, "/hints").next();
      assertThat(hints.fields().status()).hasToString("103");
      assertThat(hints.fields().get("link")).hasToString("</a.css>; rel=preload");
      assertThat(hints.ends()).isFalse();
      H2Client.Answer answer = client.answer(1);
      assertThat(List.of(answer.status(), answer.body())).containsExactly(200, "none");
      assertThat(answer.field("link")).isEmpty();
    }
  }
}
