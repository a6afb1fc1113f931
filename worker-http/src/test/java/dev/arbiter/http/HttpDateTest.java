package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpDateTest {
  @ParameterizedTest
  @CsvSource({
    "784111777000, 'Sun, 06 Nov 1994 08:49:37 GMT'",
    "784111777999, 'Sun, 06 Nov 1994 08:49:37 GMT'",
    "784111778000, 'Sun, 06 Nov 1994 08:49:38 GMT'",
    "1709251199999, 'Thu, 29 Feb 2024 23:59:59 GMT'",
    "1709251200000, 'Fri, 01 Mar 2024 00:00:00 GMT'",
  })
  void isThatOfItsSecond(long millis, String text) {
    assertThat(HttpDate.at(millis).text()).isEqualTo(text);
    assertThat(HttpDate.at(millis).line()).asString(US_ASCII).isEqualTo("Date: " + text + "\r\n");
  }

  @Test
  void isMadeOnceASecond() {
    byte[] first = HttpDate.at(784_111_777_000L).line();
    assertThat(HttpDate.at(784_111_777_999L).line()).isSameAs(first);
    assertThat(HttpDate.at(784_111_778_000L).line()).isNotSameAs(first);
    assertThat(HttpDate.at(784_111_777_000L).line())
        .as("a clock that was put back")
        .isEqualTo(first);
  }

  @Test
  void nowIsNow() {
    Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    Instant said = ZonedDateTime.parse(HttpDate.now(), RFC_1123_DATE_TIME).toInstant();
    assertThat(said).isBetween(before, Instant.now());
  }
}
