package dev.arbiter.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptEncodingTest {
  private static final List<String> CODINGS = List.of("br", "zstd", "gzip");

  private static String best(String... fields) {
    return AcceptEncoding.of(Headers.of(fields)).best(CODINGS).orElse("none");
  }

  @ParameterizedTest
  @CsvSource({
    "gzip, gzip",
    "'gzip, br', br",
    "'gzip;q=1.0, br;q=0.9', gzip",
    "'gzip;q=0.5, zstd;q=0.5', zstd",
    "'gzip;q=0.001', gzip",
    "x-gzip, gzip",
    "GZip, gzip",
    "' gzip ; q=0.8 ', gzip",
    "*, br",
    "'*;q=0.1, gzip;q=0.2', gzip",
    "'br;q=0, *', zstd",
    "'gzip, *;q=0', gzip",
    "'identity, gzip', gzip",
    "'identity;q=0, gzip;q=0.1', gzip",
    "'gzip;q=0.1, identity', none",
    "'gzip;q=0.1, identity;q=0.2', none",
    "'gzip;q=0', none",
    "'gzip;q=0.000', none",
    "'*;q=0', none",
    "'', none",
    "identity, none",
    "deflate, none",
    "'gzip;q=2', none",
    "'gzip;q=0.1234', none",
    "'gzip;q=', none",
    "'gzip;level=9', none",
  })
  void theBestIsWhatTheClientLikesBest(String field, String coding) {
    assertThat(best("accept-encoding", field)).isEqualTo(coding);
  }

  @Test
  void aClientThatSaysNothingGetsNone() {
    assertThat(best()).isEqualTo("none");
  }

  @Test
  void severalFieldsAreOneList() {
    assertThat(best("Accept-Encoding", "gzip;q=0.1", "accept-encoding", "zstd")).isEqualTo("zstd");
  }
}
