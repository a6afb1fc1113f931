package dev.arbiter.app.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Asked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedHostsTest {
  private static final TrustedHosts HOSTS =
      TrustedHosts.of("shop.example", "*.Shop.Example", "127.0.0.1", "[::1]");

  private static int status(TrustedHosts hosts, String... headers) {
    return hosts.enter(Asked.get("/", headers)).answer().map(answer -> answer.status()).orElse(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "shop.example",
        "shop.example:8000",
        "shop.example:",
        "SHOP.example",
        "shop.example.",
        "a.shop.example",
        "b.a.shop.example:443",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000"
      })
  void trusts(String host) {
    assertThat(status(HOSTS, "host", host)).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "example",
        "evil.example",
        "notshop.example",
        "shop.example.evil.test",
        ".shop.example",
        "a..shop.example",
        "shop.example..",
        "user@shop.example",
        "shop.example:80:80",
        "shop.example:8a",
        "shop.example:999999",
        "shop.example/",
        "shop.example, evil.test",
        "evil.test\\.shop.example",
        "evil.test?.shop.example",
        "evil.test#.shop.example",
        "[::1",
        "[::2]",
        "[::1]x",
        "127.0.0.1.evil.test"
      })
  void refuses(String host) {
    assertThat(status(HOSTS, "host", host)).isEqualTo(400);
  }

  @Test
  void refusesARequestWithoutHostAndOneWithTwo() {
    assertThat(status(HOSTS)).isEqualTo(400);
    assertThat(status(HOSTS, "host", "shop.example", "host", "shop.example")).isEqualTo(400);
  }

  @Test
  void aWildcardDoesNotCoverTheNameItself() {
    assertThat(status(TrustedHosts.of("*.shop.example"), "host", "shop.example")).isEqualTo(400);
  }

  @Test
  void anAsteriskStillWantsANameThatIsOne() {
    assertThat(status(TrustedHosts.of("*"), "host", "any.thing:1")).isEqualTo(200);
    assertThat(status(TrustedHosts.of("*"), "host", "any thing")).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"shop.example:80", "http://shop.example", "a*.example", "*.*", "", "*."})
  void refusesAPatternThatIsNone(String pattern) {
    assertThatThrownBy(() -> TrustedHosts.of(pattern)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void trustsNobodyByMistake() {
    assertThatThrownBy(TrustedHosts::of).isInstanceOf(IllegalArgumentException.class);
  }
}
