package dev.arbiter.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.process.Kernel;
import dev.arbiter.settings.BindAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the real kernel. */
class ListenersTest {
  @TempDir Path folder;
  private final List<String> warnings = new ArrayList<>();
  private final List<String> infos = new ArrayList<>();
  private final Listeners pool = new Listeners(Inherited.none(), infos::add, warnings::add);
  private List<Listener> bound = List.of();

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void portZeroIsReplacedByTheOneTheKernelChose() throws Exception {
    bind("127.0.0.1:0");
    assertThat(bound.getFirst().name()).matches("http://127\\.0\\.0\\.1:[1-9][0-9]*");
    connect("127.0.0.1", port(0));
  }

  @Test
  void ipv6ListensOnIpv4AsWell() throws Exception {
    bind("[::]:0");
    assertThat(bound.getFirst().name()).startsWith("http://[::]:");
    connect("127.0.0.1", port(0));
    connect("::1", port(0));
  }

  @Test
  void ipv6LeavesAPortAloneThatIsBoundOnIpv4() throws Exception {
    int port = freePort();
    bind("127.0.0.1:" + port, "[::]:" + port);
    assertThat(bound).hasSize(2);
  }

  @Test
  void aPortWithoutAHostIsOnAllInterfaces() throws Exception {
    bind(":0");
    connect("127.0.0.1", port(0));
    connect("::1", port(0));
  }

  @Test
  void aTakenPortIsTriedAgainAndThenItsHolderIsNamed() throws Exception {
    try (ServerSocket holder = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + holder.getLocalPort();
      BindFailure failure = catchThrowableOfType(BindFailure.class, () -> bind(address));
      assertThat(failure.exitCode()).isEqualTo(5);
      assertThat(failure)
          .hasMessageContaining("address already in use")
          .hasMessageContaining("held by this arbiter");
      assertThat(warnings).singleElement().asString().contains("trying again for 3 s");
    }
  }

  @Test
  void aPortThatIsFreedInTimeIsBound() throws Exception {
    ServerSocket holder = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
    String address = "127.0.0.1:" + holder.getLocalPort();
    Listeners patient =
        new Listeners(
            Inherited.none(),
            infos::add,
            warning -> {
              warnings.add(warning);
              closeQuietly(holder);
            });
    patient.take(1, wanted(address));
    patient.close();
    assertThat(warnings).hasSize(1);
  }

  @Test
  void anAddressOfAnotherMachineIsRefusedAtOnce() {
    BindFailure failure = catchThrowableOfType(BindFailure.class, () -> bind("192.0.2.1:8000"));
    assertThat(failure.exitCode()).isEqualTo(2);
    assertThat(failure).hasMessageContaining("cannot assign the requested address");
    assertThat(warnings).isEmpty();
  }

  @Test
  void aUnixSocketGetsItsPermissionsAndItsFileGoesWithIt() throws Exception {
    Path path = folder.resolve("app.sock");
    bound = pool.take(1, wanted(List.of("unix:" + path), "0660", "", 1));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-rw----");
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();

    pool.close();

    assertThat(path).doesNotExist();
  }

  @Test
  void aSocketFileThatNobodyListensOnIsReplaced() throws Exception {
    Path path = folder.resolve("stale.sock");
    try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    bind("unix:" + path);
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
  }

  @Test
  void aSocketFileThatSomebodyListensOnIsLeftAlone() throws Exception {
    Path path = folder.resolve("live.sock");
    try (ServerSocketChannel live = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      live.bind(UnixDomainSocketAddress.of(path));
      BindFailure failure = catchThrowableOfType(BindFailure.class, () -> bind("unix:" + path));
      assertThat(failure.exitCode()).isEqualTo(5);
      assertThat(failure).hasMessageContaining("another process listens there");
      assertThat(path).exists();
    }
  }

  @Test
  void aFileThatIsNoSocketIsNotRemoved() throws Exception {
    Path path = Files.writeString(folder.resolve("notes.txt"), "dear diary");
    assertThatThrownBy(() -> bind("unix:" + path)).hasMessageContaining("is not a socket");
    assertThat(path).hasContent("dear diary");
  }

  @Test
  void aSocketFileThatASuccessorBoundIsNotRemoved() throws Exception {
    Path path = folder.resolve("app.sock");
    bind("unix:" + path);
    Files.delete(path);
    try (ServerSocketChannel successor = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      successor.bind(UnixDomainSocketAddress.of(path));
      pool.close();
      assertThat(path).exists();
    }
  }

  @Test
  void anAbstractUnixSocketHasNoFile() throws Exception {
    bind("unix:@arbiter-test-" + ProcessHandle.current().pid());
    assertThat(bound.getFirst().name()).startsWith("unix:@arbiter-test-");
    assertThat(bound.getFirst().unix()).isTrue();
  }

  @Test
  void aDescriptorThatListensIsAdopted() throws Exception {
    bind("127.0.0.1:0");
    int copy = Kernel.duplicateAbove(bound.getFirst().fds().getFirst(), 100);
    Listeners other = new Listeners(Inherited.none(), infos::add, warnings::add);
    List<Listener> adopted = other.take(1, wanted("fd://" + copy));
    assertThat(adopted.getFirst().name()).isEqualTo(bound.getFirst().name());
    other.close();
    connect("127.0.0.1", port(0));
  }

  @Test
  void aDescriptorThatIsNoListeningSocketIsRefused() throws Exception {
    int plain = Kernel.socket(2, 1);
    try {
      assertThatThrownBy(() -> bind("fd://" + plain)).hasMessageContaining("does not listen");
      assertThatThrownBy(() -> bind("fd://999"))
          .hasMessageContaining("fd://999")
          .hasMessageContaining("bad file descriptor");
    } finally {
      Kernel.close(plain);
    }
  }

  @Test
  void oneFailureLeavesNothingBound() throws Exception {
    int port = freePort();
    assertThatThrownBy(() -> bind("127.0.0.1:" + port, "192.0.2.1:1"));
    bind("127.0.0.1:" + port);
  }

  // ---- generations

  @Test
  void aReloadKeepsWhatItStillWantsAndBindsTheRest() throws Exception {
    bind("127.0.0.1:0", "127.0.0.1:0");
    List<Listener> next = pool.take(2, wanted("127.0.0.1:" + port(1), "unix:a.sock"));

    assertThat(next.getFirst()).isSameAs(bound.get(1));
    assertThat(next.get(1).name()).isEqualTo("unix:" + folder.resolve("a.sock"));
    assertThat(bound).as("the old generation still serves").allMatch(Listener::isOpen);
    connect("127.0.0.1", port(0));

    pool.commit(2);

    assertThat(bound.getFirst().isOpen()).isFalse();
    assertThatThrownBy(() -> connect("127.0.0.1", port(0))).isInstanceOf(IOException.class);
    connect("127.0.0.1", port(1));
    assertThat(infos).contains("No longer listening at: " + bound.getFirst().name());
    pool.release(1);
    assertThat(next).allMatch(Listener::isOpen);
  }

  @Test
  void portZeroStaysTheOneThatWasChosen() throws Exception {
    bind("127.0.0.1:0");
    assertThat(pool.take(2, wanted("127.0.0.1:0"))).isEqualTo(bound);
  }

  @Test
  void aReloadThatCannotBindLeavesAllAsItWas() throws Exception {
    bind("127.0.0.1:0");
    Path path = folder.resolve("new.sock");
    BindFailure failure =
        catchThrowableOfType(
            BindFailure.class,
            () -> pool.take(2, wanted("unix:" + path, "192.0.2.1:80", "127.0.0.1:" + port(0))));
    assertThat(failure).hasMessageContaining("192.0.2.1:80");
    assertThat(path).doesNotExist();
    assertThat(pool.open()).isEqualTo(bound);
    connect("127.0.0.1", port(0));
  }

  @Test
  void aReleaseThatWasNotTakenUpClosesOnlyWhatItBound() throws Exception {
    bind("127.0.0.1:0");
    Listener extra = pool.take(2, wanted("127.0.0.1:" + port(0), "unix:b.sock")).get(1);
    List<Listener> third = pool.take(3, wanted("127.0.0.1:" + port(0)));

    pool.release(2);

    assertThat(extra.isOpen()).isFalse();
    assertThat(folder.resolve("b.sock")).doesNotExist();
    assertThat(third).isEqualTo(bound).allMatch(Listener::isOpen);
  }

  @Test
  void aReleaseThatIsGoneBackToListensOnceMore() throws Exception {
    bind("127.0.0.1:0", "127.0.0.1:0");
    int given = port(1);
    List<Listener> second = pool.take(2, wanted("127.0.0.1:" + port(0), "unix:c.sock"));
    pool.commit(2);
    assertThatThrownBy(() -> connect("127.0.0.1", given)).isInstanceOf(IOException.class);

    List<Listener> again = pool.take(1, wanted("127.0.0.1:" + port(0), "127.0.0.1:" + given));
    List<Listener> tried = pool.take(3, wanted("unix:d.sock"));
    pool.commit(1);

    connect("127.0.0.1", given);
    assertThat(again.getFirst()).isSameAs(second.getFirst());
    assertThat(second.get(1).isOpen()).isFalse();
    assertThat(tried).as("a later release is not touched").allMatch(Listener::isOpen);
  }

  @Test
  void aReleaseThatIsGoneBackToGivesUpWhatItsSuccessorAdded() throws Exception {
    bind("127.0.0.1:0");
    Listener added = pool.take(2, wanted("127.0.0.1:" + port(0), "unix:e.sock")).get(1);
    pool.commit(2);

    pool.hold(1, wanted("127.0.0.1:0"), bound); // all of it is open: there is nothing to take
    pool.commit(1);

    assertThat(added.isOpen()).isFalse();
    assertThat(folder.resolve("e.sock")).doesNotExist();
    connect("127.0.0.1", port(0));
  }

  @Test
  void anAddressThatOverlapsWithTheOneItReplacesIsBoundBesideIt() throws Exception {
    bind("127.0.0.1:0");
    int port = port(0);

    pool.take(2, wanted(":" + port));
    connect("::1", port);
    pool.commit(2);
    connect("127.0.0.1", port);
    assertThat(bound.getFirst().isOpen()).isFalse();

    pool.take(3, wanted("0.0.0.0:" + port, "[::]:" + port));
    pool.commit(3);
    connect("127.0.0.1", port);
    connect("::1", port);
    assertThat(pool.open()).hasSize(2);
    try (ServerSocket other = new ServerSocket()) {
      other.setReuseAddress(false);
      assertThatThrownBy(() -> other.bind(new InetSocketAddress("127.0.0.1", port)))
          .isInstanceOf(IOException.class);
    }
    assertThat(warnings).isEmpty();
  }

  @Test
  void aSocketFileThatWasRemovedIsBoundAnewByTheNextReload() throws Exception {
    Path path = folder.resolve("app.sock");
    bind("unix:" + path);
    Files.delete(path);

    List<Listener> next = pool.take(2, wanted("unix:" + path));

    assertThat(next).isNotEqualTo(bound);
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
    pool.commit(2);
    assertThat(path).as("the old listener leaves its successor's file alone").exists();
    SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
  }

  @Test
  void backlogAndPermissionsChangeOnceTheGenerationServes() throws Exception {
    Path path = folder.resolve("app.sock");
    pool.take(1, wanted(List.of("unix:" + path, "127.0.0.1:0"), "0600", "", 1));
    pool.take(2, wanted(List.of("unix:" + path, "127.0.0.1:0"), "0666", "", 1));
    assertThat(permissions(path)).isEqualTo("rw-------");
    pool.commit(2);
    assertThat(permissions(path)).isEqualTo("rw-rw-rw-");
  }

  @Test
  void aDescriptorIsAdoptedAtTheStartOnly() throws Exception {
    bind("127.0.0.1:0");
    assertThatThrownBy(() -> pool.take(2, wanted("fd://" + bound.getFirst().fds().getFirst())))
        .isInstanceOf(BindFailure.class)
        .hasMessageContaining("not among the sockets this arbiter was started with");
  }

  // ---- files

  @Test
  void anOwnerThatDoesNotExistIsRefusedAndNoFileStays() {
    Path path = folder.resolve("app.sock");
    assertThatThrownBy(
            () -> pool.take(1, wanted(List.of("unix:" + path), "0660", "no-such-user-here", 1)))
        .isInstanceOf(BindFailure.class)
        .hasMessageContaining("to no-such-user-here: there is no such user or group");
    assertThat(path).doesNotExist();
  }

  @Test
  void aSocketFileIsGivenToItsOwner() throws Exception {
    Path path = folder.resolve("app.sock");
    String group = Files.getAttribute(folder, "unix:gid").toString();
    // Somebody else, where this user may give files away: his own would prove little.
    boolean root = "root".equals(System.getProperty("user.name"));
    String user = root ? "65534" : Files.getAttribute(folder, "unix:uid").toString();
    pool.take(1, wanted(List.of("unix:" + path), "0640", user + ":" + group, 1));
    assertThat(Files.getAttribute(path, "unix:uid").toString()).isEqualTo(user);
    assertThat(permissions(path)).isEqualTo("rw-r-----");
  }

  // ---- queues

  @Test
  void eachSlotHasAQueueAndAllAreOnOnePort() throws Exception {
    bound = pool.take(1, wanted(List.of("127.0.0.1:0", "unix:q.sock"), "", "", 4));
    assertThat(bound.getFirst().fds()).hasSize(4);
    assertThat(bound.get(1).fds()).as("a Unix socket cannot be divided").hasSize(1);
    assertThat(bound.getFirst().fds())
        .allSatisfy(fd -> assertThat(SocketAddress.port(Kernel.name(fd))).isEqualTo(port(0)));
  }

  @Test
  void queuesOfTwoArbitersDoNotMix() throws Exception {
    bound = pool.take(1, wanted(List.of("127.0.0.1:0"), "", "", 2));
    Listeners second = new Listeners(Inherited.none(), infos::add, warnings::add);
    assertThatThrownBy(() -> second.take(1, wanted(List.of("127.0.0.1:" + port(0)), "", "", 2)))
        .hasMessageContaining("address already in use");
  }

  @Test
  void whatWaitsIsCounted() throws Exception {
    bound = pool.take(1, wanted(List.of("127.0.0.1:0", "unix:q.sock"), "", "", 2));
    assertThat(bound.getFirst().pending()).hasValue(0);
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 7; i++) {
        clients.add(new Socket("127.0.0.1", port(0)));
      }
      assertThat(bound.getFirst().pending()).hasValue(7);
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
    assertThat(bound.get(1).pending()).as("the kernel does not say").isEmpty();
  }

  @Test
  void aListenerIsHandedOverWithAllThatIsKnownOfIt() throws Exception {
    Path path = folder.resolve("app.sock");
    bind("unix:" + path, "127.0.0.1:0");
    Listeners next = new Listeners(Inherited.none(), infos::add, warnings::add);
    next.adopt(bound.stream().map(l -> Listener.takeOver(l.handOver())).toList());

    List<Listener> taken = next.take(1, wanted("127.0.0.1:" + port(1), "unix:" + path));
    next.commit(1);

    assertThat(taken).allMatch(Listener::isOpen);
    assertThat(taken.getFirst().fds()).isEqualTo(bound.get(1).fds());
    assertThat(path).exists();
    next.close();
    assertThat(path).doesNotExist();
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private void bind(String... addresses) throws BindFailure {
    bound = pool.take(1, wanted(addresses));
  }

  private Listening wanted(String... addresses) {
    return wanted(List.of(addresses), "", "", 1);
  }

  private Listening wanted(List<String> addresses, String permissions, String owner, int queues) {
    return new Listening(
        addresses.stream().map(BindAddress::parse).toList(),
        true,
        16,
        permissions,
        owner,
        folder,
        queues);
  }

  private int port(int index) {
    String name = bound.get(index).name();
    return Integer.parseInt(name.substring(name.lastIndexOf(':') + 1));
  }

  private static void connect(String host, int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), 2000);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket any = new ServerSocket(0)) {
      return any.getLocalPort();
    }
  }

  private static void closeQuietly(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
