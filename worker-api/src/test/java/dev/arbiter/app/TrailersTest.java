package dev.arbiter.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrailersTest {

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, trailers, true",
    "HTTP/1.1, 'deflate;q=0.5, TRAILERS', true",
    "HTTP/2, trailers, true",
    "HTTP/1.0, trailers, false",
    "HTTP/1.1, gzip, false",
    "HTTP/1.1, trailersx, false",
    "HTTP/1.1, '', false",
  })
  void areSentToWhoTakesThem(String version, String te, boolean sent) {
    assertThat(Trailers.sentTo(version, Headers.of("TE", te))).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length",
        "transfer-encoding",
        "Host",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Cache-Control",
        "Trailer",
        "Connection",
        "WWW-Authenticate",
        "Location",
        "Vary",
        "Date"
      })
  void mayNotSayWhatMustBeKnownBefore(String name) {
    assertThat(Trailers.allows(name)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ETag", "Server-Timing", "Repr-Digest", "grpc-status", "X-Sum"})
  void maySayTheRest(String name) {
    assertThat(Trailers.allows(name)).isTrue();
  }
}
