package dev.arbiter.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.BindAddress;
import dev.arbiter.socket.Inherited;
import dev.arbiter.socket.Listeners;
import dev.arbiter.socket.Listening;
import dev.arbiter.supervise.FleetState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jnr.unixsocket.UnixDatagramChannel;
import jnr.unixsocket.UnixSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** To a real datagram socket. */
class ServiceManagerTest {
  private static final long PID = 4711;

  @TempDir Path folder;
  private final List<String> warnings = new ArrayList<>();
  private final Listeners pool = new Listeners(Inherited.none(), text -> {}, text -> {});
  private @Nullable UnixDatagramChannel receiver;

  @AfterEach
  void close() throws IOException {
    pool.close();
    if (receiver != null) {
      receiver.close();
    }
  }

  @Test
  void without_its_socket_there_is_none() {
    assertThat(from(Map.of("WATCHDOG_USEC", "1000000"))).isNull();
    assertThat(warnings).isEmpty();
  }

  @Test
  void a_socket_that_is_not_unix_is_refused_in_words() {
    assertThat(from(Map.of("NOTIFY_SOCKET", "vsock:2:1234"))).isNull();
    assertThat(warnings)
        .containsExactly(
            "The service manager is not notified: NOTIFY_SOCKET is no Unix socket: vsock:2:1234");
  }

  @Test
  void it_is_told_the_pid_at_once_and_then_what_is_new() throws Exception {
    ServiceManager manager = manager(Map.of());
    assertThat(received()).containsExactly("MAINPID=4711\nSTATUS=Starting");
    manager.look(steady());
    manager.look(steady());
    assertThat(received()).containsExactly("READY=1\nSTATUS=Serving: 2 of 2 workers, generation 1");
    manager.fail("The app does not start\nat somewhere");
    manager.close();
    manager.fail("nobody listens");
    assertThat(received()).containsExactly("STATUS=The app does not start");
    assertThat(warnings).isEmpty();
  }

  @Test
  void an_abstract_socket_is_as_good() throws Exception {
    // jnr-unixsocket writes the zero itself.
    receiver = UnixDatagramChannel.open();
    String name = "arbiter-notify-" + ProcessHandle.current().pid();
    receiver.bind(new UnixSocketAddress("\0" + name));
    receiver.configureBlocking(false);
    ServiceManager manager = from(Map.of("NOTIFY_SOCKET", "@" + name));
    assertThat(manager).isNotNull();
    assertThat(received()).containsExactly("MAINPID=4711\nSTATUS=Starting");
  }

  @Test
  void a_watchdog_of_another_process_is_left_alone() throws Exception {
    ServiceManager manager = manager(Map.of("WATCHDOG_USEC", "3000000", "WATCHDOG_PID", "1"));
    manager.look(steady());
    assertThat(received()).noneMatch(text -> text.contains("WATCHDOG"));
    assertThat(manager.restNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void its_own_watchdog_is_petted() throws Exception {
    ServiceManager manager = manager(Map.of("WATCHDOG_USEC", "3000000", "WATCHDOG_PID", "4711"));
    manager.look(steady());
    assertThat(received()).contains("WATCHDOG=1");
    assertThat(manager.restNanos()).isLessThanOrEqualTo(Duration.ofSeconds(1).toNanos());
  }

  @Test
  void a_full_socket_holds_nobody_up_and_loses_nothing() throws Exception {
    ServiceManager manager = manager(Map.of());
    List<String> expected = new ArrayList<>(List.of("MAINPID=4711\nSTATUS=Starting"));
    // More than the kernel queues (net.unix.max_dgram_qlen is 10 by default, more on some).
    int many = queueLength() + 20;
    for (int i = 0; i < many; i++) {
      manager.fail("no " + i);
      expected.add("STATUS=no " + i);
    }
    List<String> got = new ArrayList<>(received());
    assertThat(got).hasSizeLessThan(expected.size());
    assertThat(manager.restNanos()).isPositive().isLessThan(Duration.ofSeconds(1).toNanos());
    while (got.size() < expected.size()) {
      manager.look(steady());
      List<String> more = received();
      assertThat(more).isNotEmpty();
      got.addAll(more);
    }
    assertThat(got.subList(0, expected.size())).isEqualTo(expected);
    assertThat(warnings).isEmpty();
  }

  @Test
  void a_manager_that_has_gone_is_told_of_once() throws Exception {
    ServiceManager manager = manager(Map.of());
    requireNonNull(receiver).close();
    manager.look(steady());
    manager.fail("over");
    assertThat(warnings).singleElement().asString().contains("connection refused");
  }

  @Test
  void listeners_are_left_where_there_is_room_and_taken_back() throws Exception {
    ServiceManager manager = manager(Map.of("FDSTORE", "8"));
    listen(1, "127.0.0.1:0", "unix:" + folder.resolve("app.sock"), "unix:@arbiter-store-" + PID);
    pool.show(manager::keep);
    pool.show(manager::keep);
    String port = pool.open().getFirst().name().replaceAll(".*:", "");
    assertThat(received())
        .containsExactly(
            "MAINPID=4711\nSTATUS=Starting",
            "FDSTORE=1\nFDNAME=arbiter-127.0.0.1_" + port,
            "FDSTORE=1\nFDNAME=arbiter-@arbiter-store-" + PID);
    listen(2, "127.0.0.1:" + port);
    pool.commit(2);
    pool.show(manager::keep);
    assertThat(received()).containsExactly("FDSTOREREMOVE=1\nFDNAME=arbiter-@arbiter-store-" + PID);
  }

  @Test
  void listeners_are_not_left_where_there_is_no_room() throws Exception {
    ServiceManager manager = manager(Map.of());
    listen(1, "127.0.0.1:0");
    pool.show(manager::keep);
    assertThat(received()).containsExactly("MAINPID=4711\nSTATUS=Starting");
  }

  private void listen(long generation, String... addresses) throws Exception {
    List<BindAddress> parsed = new ArrayList<>();
    for (String address : addresses) {
      parsed.add(BindAddress.parse(address));
    }
    pool.take(generation, new Listening(parsed, true, 16, "", "", folder, 1));
  }

  private static int queueLength() throws IOException {
    return Integer.parseInt(
        java.nio.file.Files.readString(Path.of("/proc/sys/net/unix/max_dgram_qlen")).strip());
  }

  private ServiceManager manager(Map<String, String> more) throws IOException {
    Path socket = folder.resolve("notify");
    receiver = UnixDatagramChannel.open();
    receiver.bind(new UnixSocketAddress(socket.toFile()));
    receiver.configureBlocking(false);
    Map<String, String> environment = new HashMap<>(more);
    environment.put("NOTIFY_SOCKET", socket.toString());
    ServiceManager manager = from(environment);
    return requireNonNull(manager);
  }

  private @Nullable ServiceManager from(Map<String, String> environment) {
    return ServiceManager.from(
        environment, PID, false, Duration.ofSeconds(60), true, warnings::add);
  }

  private List<String> received() throws IOException {
    UnixDatagramChannel receiver = requireNonNull(this.receiver);
    List<String> texts = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocate(1024);
    while (true) {
      try {
        receiver.receive(buffer);
      } catch (IOException e) {
        // For "nothing there" jnr-unixsocket has no other sign.
        assertThat(e).hasMessage("Resource temporarily unavailable");
        return texts;
      }
      buffer.flip();
      texts.add(UTF_8.decode(buffer).toString());
      buffer.clear();
    }
  }

  private static Standing steady() {
    return new Standing(FleetState.STEADY, false, 2, 2, 0, 1);
  }
}
