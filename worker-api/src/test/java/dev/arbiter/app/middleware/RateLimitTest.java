package dev.arbiter.app.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Asked;
import dev.arbiter.app.Response;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private long nanos = Long.MAX_VALUE - 1_000_000_000L; // the clock may wrap

  private final RateLimit limit = RateLimit.of(3, Duration.ofSeconds(3), () -> nanos);

  private static Optional<Response> ask(RateLimit limit, String address) {
    return limit.enter(Asked.get("/").from(new InetSocketAddress(address, 1))).answer();
  }

  private boolean passes(String address) {
    return ask(limit, address).isEmpty();
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void aBucketLetsItsSizePassAndThenRefuses() {
    assertThat(passes("192.0.2.1")).isTrue();
    assertThat(passes("192.0.2.1")).isTrue();
    assertThat(passes("192.0.2.1")).isTrue();
    assertThat(passes("192.0.2.1")).isFalse();
    assertThat(passes("192.0.2.2")).isTrue();
  }

  @Test
  void tokensComeBackOneByOne() {
    for (int i = 0; i < 3; i++) {
      assertThat(passes("192.0.2.1")).isTrue();
    }
    pass(Duration.ofMillis(999));
    assertThat(passes("192.0.2.1")).isFalse();
    pass(Duration.ofMillis(1));
    assertThat(passes("192.0.2.1")).isTrue();
    assertThat(passes("192.0.2.1")).isFalse();
    pass(Duration.ofHours(1));
    for (int i = 0; i < 3; i++) {
      assertThat(passes("192.0.2.1")).isTrue();
    }
    assertThat(passes("192.0.2.1")).isFalse();
  }

  @Test
  void whatIsRefusedCostsNoToken() {
    for (int i = 0; i < 100; i++) {
      ask(limit, "192.0.2.1");
    }
    pass(Duration.ofSeconds(1));
    assertThat(passes("192.0.2.1")).isTrue();
  }

  @Test
  void theRefusalSaysWhenToComeAgain() {
    RateLimit slow = RateLimit.of(1, Duration.ofSeconds(90), () -> nanos);
    ask(slow, "192.0.2.1");
    pass(Duration.ofMillis(500));
    Response refused = ask(slow, "192.0.2.1").orElseThrow();
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.headers().first("retry-after")).contains("90");
  }

  @Test
  void aBurstIsAnotherSizeOfTheBucket() {
    RateLimit one = limit.burst(1);
    assertThat(ask(one, "192.0.2.1")).isEmpty();
    assertThat(ask(one, "192.0.2.1")).isPresent();
    pass(Duration.ofSeconds(1));
    assertThat(ask(one, "192.0.2.1")).isEmpty();
  }

  @Test
  void anIpv6NetworkIsOneClient() {
    RateLimit one = limit.burst(1);
    assertThat(ask(one, "2001:db8::1")).isEmpty();
    assertThat(ask(one, "2001:db8::ffff:2")).isPresent();
    assertThat(ask(one, "2001:db8:0:1::1")).isEmpty();
  }

  @Test
  void aClientOnAUnixSocketIsNotLimited() {
    for (int i = 0; i < 10; i++) {
      Asked request = Asked.get("/").from(UnixDomainSocketAddress.of("/run/app.sock"));
      assertThat(limit.enter(request).answer()).isEmpty();
    }
  }

  @Test
  void theKeyCanBeAnother() {
    RateLimit byUser = limit.burst(1).by(request -> request.headers().first("x-user"));
    assertThat(byUser.enter(Asked.get("/", "x-user", "ann")).answer()).isEmpty();
    assertThat(byUser.enter(Asked.get("/", "x-user", "ann")).answer()).isPresent();
    assertThat(byUser.enter(Asked.get("/", "x-user", "bob")).answer()).isEmpty();
    assertThat(byUser.enter(Asked.get("/")).answer()).isEmpty();
  }

  @Test
  void itsMemoryIsBounded() {
    RateLimit small = limit.maxKeys(160);
    for (int i = 0; i < 10_000; i++) {
      ask(small, "10.0." + i / 256 + "." + i % 256);
    }
    assertThat(small.keys()).isBetween(150, 160);
  }

  @Test
  void whoKeepsAskingIsNotForgotten() {
    RateLimit small = limit.burst(1).maxKeys(16 * 4);
    assertThat(ask(small, "192.0.2.1")).isEmpty();
    for (int i = 0; i < 1000; i++) {
      ask(small, "10.0." + i / 256 + "." + i % 256);
      assertThat(ask(small, "192.0.2.1")).isPresent();
    }
  }

  @Test
  void refusesARateThatIsNone() {
    assertThatThrownBy(() -> RateLimit.of(0, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RateLimit.of(1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> limit.burst(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> limit.maxKeys(1)).isInstanceOf(IllegalArgumentException.class);
  }
}
