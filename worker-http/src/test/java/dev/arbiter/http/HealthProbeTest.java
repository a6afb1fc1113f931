package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.worker.Health;
import org.junit.jupiter.api.Test;

class HealthProbeTest {
  @Test
  void theStatusIsTheAnswers() {
    assertThat(HealthProbe.health("HTTP/1.1 204 No Content\r\n\r\n"))
        .isEqualTo(new Health(204, ""));
  }

  @Test
  void anErrorIsQuotedInOneLine() {
    assertThat(HealthProbe.health("HTTP/1.1 503 X\r\na: b\r\n\r\nno database\n at line 1\n"))
        .isEqualTo(new Health(503, "no database at line 1"));
    assertThat(HealthProbe.health("HTTP/1.1 500 X\r\n\r\n" + "x".repeat(999)).detail())
        .hasSize(203)
        .endsWith("...");
  }

  @Test
  void whatIsNoAnswerHasNoStatus() {
    assertThat(HealthProbe.health("").status()).isZero();
    assertThat(HealthProbe.health("HTTP/1.1 20").status()).isZero();
  }
}
