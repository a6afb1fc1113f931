package dev.arbiter.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.settings.BindAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the variables of sd_listen_fds(3) mean; {@code ActivationTest} passes real sockets. */
class InheritedTest {
  private static final long PID = 4711;

  @Test
  void whatIsMeantForAnotherProcessIsNotOurs() throws Exception {
    Inherited inherited = Inherited.from(Map.of("LISTEN_PID", "4712", "LISTEN_FDS", "2"), PID);
    assertThat(inherited.resolve(wanted(false, ":80"))).containsExactly(BindAddress.parse(":80"));
  }

  @Test
  void withoutABindAllAreServed() throws Exception {
    assertThat(passed("2", "").resolve(wanted(false, ":80")))
        .containsExactly(new BindAddress.Fd(3), new BindAddress.Fd(4));
  }

  @Test
  void aNameStandsForAllSocketsThatHaveIt() throws Exception {
    assertThat(passed("3", "web:admin:web").resolve(wanted(true, "fd://web")))
        .containsExactly(new BindAddress.Fd(3), new BindAddress.Fd(5));
  }

  @Test
  void addressesWithoutTlsComeLastAndBesideWhatWasPassed() throws Exception {
    Listening wanted =
        new Listening(
            List.of(BindAddress.parse("127.0.0.1:8000")),
            false,
            16,
            "",
            "",
            Path.of("/"),
            1,
            true,
            List.of(BindAddress.parse("127.0.0.1:8001")));
    assertThat(passed("1", "web").resolve(wanted))
        .containsExactly(new BindAddress.Fd(3), new BindAddress.Tcp("127.0.0.1", 8001));
    assertThat(Inherited.none().resolve(wanted))
        .containsExactly(
            new BindAddress.Tcp("127.0.0.1", 8000), new BindAddress.Tcp("127.0.0.1", 8001));
  }

  @Test
  void aNameThatNobodyPassedIsNotKnown() throws Exception {
    Listening wanted = wanted(true, "fd://shop");
    BindAddress left = passed("1", "web").resolve(wanted).getFirst();
    assertThatThrownBy(() -> Endpoint.of(left, List.of(left), wanted.directory()))
        .isInstanceOf(BindFailure.class)
        .hasMessageContaining("fd://shop: no socket of that name was passed");
  }

  @Test
  void nonsenseInTheEnvironmentIsSaidToBe() {
    assertThatThrownBy(() -> passed("many", ""))
        .isInstanceOf(BindFailure.class)
        .hasMessageContaining("LISTEN_FDS is not a number of sockets: many");
  }

  private static Inherited passed(String count, String names) throws BindFailure {
    return Inherited.from(
        Map.of("LISTEN_PID", "4711", "LISTEN_FDS", count, "LISTEN_FDNAMES", names), PID);
  }

  private static Listening wanted(boolean given, String... addresses) {
    List<BindAddress> all = List.of(addresses).stream().map(BindAddress::parse).toList();
    return new Listening(all, given, 16, "", "", Path.of("/"), 1);
  }
}
