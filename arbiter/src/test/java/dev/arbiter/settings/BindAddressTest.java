package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.settings.BindAddress.Fd;
import dev.arbiter.settings.BindAddress.Named;
import dev.arbiter.settings.BindAddress.Tcp;
import dev.arbiter.settings.BindAddress.Unix;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BindAddressTest {

  static Stream<Arguments> addresses() {
    return Stream.of(
        Arguments.of("127.0.0.1:8000", new Tcp("127.0.0.1", 8000)),
        Arguments.of("0.0.0.0:0", new Tcp("0.0.0.0", 0)),
        Arguments.of(":80", new Tcp("", 80)),
        Arguments.of("*:80", new Tcp("", 80)),
        Arguments.of("localhost", new Tcp("localhost", 8000)),
        Arguments.of("a-b.example:80", new Tcp("a-b.example", 80)),
        Arguments.of("tcp://a:80", new Tcp("a", 80)),
        Arguments.of("[::1]:80", new Tcp("::1", 80)),
        Arguments.of("[::]", new Tcp("::", 8000)),
        Arguments.of("[fe80::1%eth0]:80", new Tcp("fe80::1%eth0", 80)),
        Arguments.of("[::ffff:1.2.3.4]:80", new Tcp("::ffff:1.2.3.4", 80)),
        Arguments.of("unix:/run/a.sock", new Unix("/run/a.sock", false)),
        Arguments.of("unix:///run/a.sock", new Unix("/run/a.sock", false)),
        Arguments.of("unix:a.sock", new Unix("a.sock", false)),
        Arguments.of("unix:@a", new Unix("a", true)),
        Arguments.of("fd://3", new Fd(3)),
        Arguments.of("fd://0", new Fd(0)),
        Arguments.of("fd://shop.socket", new Named("shop.socket")));
  }

  @ParameterizedTest
  @MethodSource("addresses")
  void readAndWrittenBack(String text, BindAddress address) {
    assertThat(BindAddress.parse(text)).isEqualTo(address);
    assertThat(BindAddress.parse(address.toString())).isEqualTo(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:",
        "a:b",
        "a:65536",
        "a:-1",
        "a:80:80",
        "::1",
        "[::1",
        "[::1]x",
        "[]:80",
        "[x]:80",
        "a b:80",
        "1.2.3:80",
        "256.0.0.1:80",
        "1.2.3.4.5:80",
        "-a:80",
        "http://a:80",
        "unix:",
        "unix:@",
        "fd://",
        "fd://3x",
        "fd://a:b",
        "fd://1",
        "fd://-1",
        "fd:3"
      })
  void refused(String text) {
    assertThatThrownBy(() -> BindAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aUnixPathHasToFitTheKernelsAddress() {
    String longest = "/" + "x".repeat(106);
    assertThat(BindAddress.parse("unix:" + longest)).isEqualTo(new Unix(longest, false));
    assertThatThrownBy(() -> BindAddress.parse("unix:" + longest + "x"))
        .hasMessageContaining("at most 107 bytes");
  }
}
