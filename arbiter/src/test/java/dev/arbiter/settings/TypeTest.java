package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TypeTest {

  private static final Type SPAN = new Type.Span(Duration.ZERO, Duration.ofDays(365), "");
  private static final Type SIZE = new Type.Size(0, 1L << 50, "");

  @ParameterizedTest
  @CsvSource({
    "30, 30000",
    "30s, 30000",
    "500ms, 500",
    "1h30m, 5400000",
    "1H30M, 5400000",
    "0.25, 250",
    "1.5s, 1500",
    "2d, 172800000",
    "1m500ms, 60500",
    "0, 0",
    "0s, 0",
  })
  void durations(String text, String millis) throws Mismatch {
    assertThat(SPAN.canonical(text)).isEqualTo(millis);
    assertThat(SPAN.canonical(SPAN.shown(millis).replace("\"", ""))).isEqualTo(millis);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "30 s",
        "30x",
        "-1",
        "1h-30m",
        "h1",
        "1,5",
        "NaN",
        "1e3",
        "9999999999999",
        "0.4ms",
        "366d"
      })
  void notDurations(String text) {
    assertThatThrownBy(() -> SPAN.canonical(text)).isInstanceOf(Mismatch.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "64k, 65536",
    "64K, 65536",
    "64kb, 65536",
    "64KiB, 65536",
    "16M, 16777216",
    "1G, 1073741824",
    "2T, 2199023255552",
    "4094, 4094",
  })
  void sizes(String text, String bytes) throws Mismatch {
    assertThat(SIZE.canonical(text)).isEqualTo(bytes);
    assertThat(SIZE.canonical(SIZE.shown(bytes).replace("\"", ""))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "k", "1.5G", "-1", "64 k", "1P", "999999999999999T", "99999999999999999999"})
  void notSizes(String text) {
    assertThatThrownBy(() -> SIZE.canonical(text)).isInstanceOf(Mismatch.class);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "on, true", "YES, true", "true, true", "0, false", "off, false"})
  void switches(String text, String canonical) throws Mismatch {
    assertThat(new Type.Switch().canonical(text)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @CsvSource({"660, 0660", "0660, 0660", "0o660, 0660", "7, 0007", "1777, 1777"})
  void permissions(String text, String canonical) throws Mismatch {
    assertThat(new Type.Mode().canonical(text)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "127.0.0.1,::1", " 10.0.0.0/8 , fd00::/8 ", "10.0.0.1 10.0.0.2", ""})
  void addresses(String text) throws Mismatch {
    assertThat(new Type.Addresses().canonical(text)).isEqualTo(text.strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "10.0.0.0/40", "127.0.0.1,proxy.example", "[::1]"})
  void notAddresses(String text) {
    assertThatThrownBy(() -> new Type.Addresses().canonical(text)).isInstanceOf(Mismatch.class);
  }

  @ParameterizedTest
  @CsvSource({
    "X-Frame-Options:DENY, X-Frame-Options:DENY",
    "X-A:   b c  , X-A:b c",
    "Link:</a>; rel=x, Link:</a>; rel=x",
    "X-Empty:, X-Empty:",
    "a:b:c, a:b:c",
  })
  void headers(String text, String canonical) throws Mismatch {
    assertThat(new Type.Field().canonical(text)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "X",
        ":x",
        "a b:c",
        "a :b",
        "a:b\nc:d",
        "a:\u00e9",
        "content-length:3",
        "Transfer-Encoding:x",
        "Connection:close"
      })
  void notHeaders(String text) {
    assertThatThrownBy(() -> new Type.Field().canonical(text)).isInstanceOf(Mismatch.class);
  }

  @Test
  void wholeNumbersHaveOneForm() throws Mismatch {
    Type type = new Type.Whole(0, 10, "", "auto");
    assertThat(type.canonical("007")).isEqualTo("7");
    assertThat(type.canonical("+7")).isEqualTo("7");
    assertThat(type.canonical("AUTO")).isEqualTo("auto");
    assertThatThrownBy(() -> type.canonical("7.0")).isInstanceOf(Mismatch.class);
    assertThatThrownBy(() -> type.canonical("99999999999999999999")).isInstanceOf(Mismatch.class);
  }
}
