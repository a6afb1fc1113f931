package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** HUP with other addresses in the settings file. */
@Tag("slow")
final class ListenerReloadTest {
  private static final Duration PACE = Duration.ofMillis(2);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /** An address is added, the one under load stays, another is removed and closed by all. */
  @EachKind
  void addressesComeAndGoUnderLoadAndNothingIsLost(String kind) throws Exception {
    Path added = arbiters.folder().resolve("added.sock");
    int kept = Ports.free();
    int removed = Ports.free();
    bind("127.0.0.1:" + kept, "127.0.0.1:" + removed);
    ArbiterProcess arbiter = start(kind, 2);
    Set<Long> old = arbiter.awaitServing(2);

    try (LoadClients load = LoadClients.start(kept, 8, 8, "/", PACE);
        LoadClients leaving = LoadClients.start(removed, 4, 0, "/", PACE)) {
      load.awaitMore(100, Limits.ANSWER);
      leaving.awaitMore(20, Limits.ANSWER);
      assertThat(leaving.stop()).isEmpty();
      bind("127.0.0.1:" + kept, "unix:" + added);
      arbiter.signal(Os.Signal.HUP);
      arbiter.awaitReplaced(old, 2);
      load.awaitMore(100, Limits.ANSWER);
      assertThat(load.stop()).isEmpty();
    }

    assertThat(get(kept)).isEqualTo(200);
    SocketChannel.open(UnixDomainSocketAddress.of(added)).close();
    Await.until("the removed address refuses", Limits.CHANGE, () -> refuses(removed));
    try (ServerSocket free = new ServerSocket()) {
      free.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), removed));
    }

    // The file goes by accident, and a reload brings it back.
    Files.delete(added);
    Set<Long> second = arbiter.awaitServing(2);
    arbiter.signal(Os.Signal.HUP);
    arbiter.awaitReplaced(second, 2);
    SocketChannel.open(UnixDomainSocketAddress.of(added)).close();
  }

  /** A worker that an operator looks at may stay for days; an address that is given up may not. */
  @EachKind
  void anEjectedWorkerKeepsNoAddressThatIsGivenUp(String kind) throws Exception {
    int kept = Ports.free();
    int removed = Ports.free();
    bind("127.0.0.1:" + kept, "127.0.0.1:" + removed);
    ArbiterProcess arbiter = start(kind, 2);
    Set<Long> old = arbiter.awaitServing(2);
    assertThat(Ctl.run(arbiters, "eject", "1").exitCode()).isZero();

    bind("127.0.0.1:" + kept);
    assertThat(Ctl.run(arbiters, "reload", "--wait").out()).contains("generation 2 serves");
    Await.until("the removed address refuses", Limits.CHANGE, () -> refuses(removed));
    assertThat(arbiter.workers()).as("the ejected one is still there").containsAnyElementsOf(old);
    assertThat(get(kept)).isEqualTo(200);

    assertThat(Ctl.run(arbiters, "eject", "1").out()).contains("another has its slot");
    Await.until(
        "it has left", Limits.CHANGE, () -> arbiter.workers().stream().noneMatch(old::contains));
    arbiter.awaitServing(2);
  }

  @Test
  void aTakenAddressRefusesTheReloadAndNamesItsHolder() throws Exception {
    arbiters.expectError("Reload failed");
    int kept = Ports.free();
    bind("127.0.0.1:" + kept);
    ArbiterProcess arbiter = start("netty", 2);
    Set<Long> old = arbiter.awaitServing(2);
    Path unix = arbiters.folder().resolve("beside.sock");
    int mark = arbiter.log().mark();

    try (ServerSocket holder = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      bind("unix:" + unix, "127.0.0.1:" + holder.getLocalPort());
      arbiter.signal(Os.Signal.HUP);
      String why = arbiter.log().awaitAfter(mark, Says.RELOAD_FAILED, Limits.CHANGE).group(2);
      assertThat(why)
          .contains("127.0.0.1:" + holder.getLocalPort())
          .contains("held by pid " + ProcessHandle.current().pid());
    }

    assertThat(unix).doesNotExist();
    assertThat(arbiter.awaitServing(2)).isEqualTo(old);
    assertThat(get(kept)).isEqualTo(200);
  }

  /** Both ways: neither the one that leaves first nor the other takes the wrong file along. */
  @Test
  void aSocketFileGoesWithItsLastOwnerOnly() throws Exception {
    Path path = arbiters.folder().resolve("app.sock");
    ArbiterProcess first =
        arbiters.command().kind("netty").bind("127.0.0.1:0", "unix:" + path).faulty().start();
    Files.delete(path);
    try (ServerSocketChannel successor = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      successor.bind(UnixDomainSocketAddress.of(path));
      arbiters.ownSocket(path);
      assertThat(first.stop()).isZero();
      assertThat(path).as("the successor's").exists();
    }
    // Nobody listens there any more: it is taken over, and goes at the end.
    ArbiterProcess second =
        arbiters
            .command()
            .kind("netty")
            .bind("127.0.0.1:0", "unix:" + path)
            .args("--uds-permissions", "0600")
            .faulty()
            .start();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    assertThat(second.stop()).isZero();
    assertThat(path).doesNotExist();
  }

  private ArbiterProcess start(String kind, int workers) throws Exception {
    return arbiters
        .command()
        .args("-c", file().toString(), "-k", kind, "-w", Integer.toString(workers))
        .args("--graceful-timeout", "5", "--threads", kind.equals("sync") ? "16" : "1")
        .args("--probation", "1") // both generations serve for a while, each its own addresses
        .faulty()
        .launchBare()
        .awaitReady(workers);
  }

  private void bind(String... addresses) throws IOException {
    String list =
        List.of(addresses).stream()
            .map(address -> "\"" + address + "\"")
            .collect(Collectors.joining(", ", "[", "]"));
    Files.writeString(file(), "bind = " + list + "\n");
  }

  private Path file() {
    return arbiters.folder().resolve("arbiter.toml");
  }

  private static int get(int port) throws IOException {
    try (RawClient client = RawClient.tcp(port)) {
      return client.get("/").status();
    }
  }

  private static boolean refuses(int port) throws IOException {
    try (RawClient _ = RawClient.tcp(port)) {
      return false;
    } catch (ConnectException refused) {
      return true;
    }
  }
}
