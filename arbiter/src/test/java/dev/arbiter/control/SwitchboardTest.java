package dev.arbiter.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.socket.Listener;
import dev.arbiter.socket.OwnSocket;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jnr.unixsocket.UnixSocketChannel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that are slow, silent or rude, at a real socket; the service says back what it was told.
 */
@Timeout(60)
final class SwitchboardTest {
  private static final String BIG = "x".repeat(4 << 20);

  @TempDir Path folder;
  private final BlockingQueue<Session> waiting = new LinkedBlockingQueue<>();
  private final List<String> warnings = new ArrayList<>();
  private Path path = Path.of("");
  private @Nullable Listener listener;

  /** {@code wait} is answered when the test says so, {@code big} with more than a socket holds. */
  private final class Echo implements Service {
    @Override
    public Guest<?> welcome(int fd) {
      return new Guest<>(UnixSocketChannel.fromFD(fd), "");
    }

    @Override
    public int longestRequest() {
      return 100;
    }

    @Override
    public boolean isWhole(byte[] bytes, int length) {
      return new String(bytes, 0, length, UTF_8).contains("\n");
    }

    @Override
    public void answer(String request, Session session) {
      switch (request.strip()) {
        case "wait" -> waiting.add(session);
        case "keep" -> session.send(() -> "kept", false);
        case "big" -> session.send(BIG);
        default -> session.send(request);
      }
    }

    @Override
    public Duration patience() {
      return Duration.ZERO;
    }

    @Override
    public String complaint(String why) {
      return why;
    }
  }

  @BeforeEach
  void listen() throws Exception {
    path = folder.resolve("s");
    Listener bound = OwnSocket.bind(path, 0600);
    listener = bound;
    Switchboard switchboard = new Switchboard(warnings::add);
    switchboard.listen(bound.fd(), new Echo());
    switchboard.start();
  }

  @AfterEach
  void close() throws IOException {
    Objects.requireNonNull(listener).close();
    assertThat(path).doesNotExist();
    assertThat(warnings).isEmpty();
  }

  @Test
  void socketIsItsUsersAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
  }

  @Test
  void answersOneRequestAndCloses() throws IOException {
    assertThat(ask("hello\nmore\n")).isEqualTo("hello\nmore\n");
    assertThat(ask("a", "b\n")).isEqualTo("ab\n");
  }

  @Test
  void answerThatFillsTheSocketArrivesWhole() throws IOException {
    assertThat(ask("big\n")).isEqualTo(BIG);
  }

  @Test
  void requestWithoutEndIsCutShort() throws IOException {
    assertThat(ask("y".repeat(100))).isEqualTo("the request is too long");
  }

  @Test
  void halfARequestIsNotWaitedForForLong() throws IOException {
    assertThat(ask("half")).isEqualTo("no whole request came in time");
  }

  @Test
  void clientThatHasGoneIsNotMissed() throws Exception {
    SocketChannel gone = connect();
    send(gone, "wait\n");
    Session session = take();
    gone.close();
    session.send("nobody hears this");
    assertThat(ask("still here\n")).isEqualTo("still here\n");
  }

  @Test
  void clientThatWaitsIsAnsweredHoweverManyOthersCome() throws Exception {
    List<SocketChannel> silent = new ArrayList<>();
    try (SocketChannel first = connect();
        SocketChannel kept = connect()) {
      send(first, "wait\n");
      Session session = take();
      send(kept, "keep\n");
      for (int i = 0; i < 200; i++) {
        silent.add(connect());
      }
      assertThat(ask("and I\n")).isEqualTo("and I\n");
      session.send("at last");
      assertThat(readAll(first)).isEqualTo("at last");
      ByteBuffer four = ByteBuffer.allocate(4);
      kept.read(four);
      assertThat(new String(four.array(), UTF_8)).isEqualTo("kept");
    } finally {
      for (SocketChannel channel : silent) {
        channel.close();
      }
    }
  }

  @Test
  void whoComesWhenAllPlacesWaitIsToldSo() throws Exception {
    List<SocketChannel> patient = new ArrayList<>();
    try {
      for (int i = 0; i < Switchboard.PLACES; i++) {
        SocketChannel channel = connect();
        patient.add(channel);
        send(channel, "wait\n");
        take();
      }
      try (SocketChannel late = connect()) {
        assertThat(readAll(late)).isEqualTo("the arbiter has too much to do");
      }
    } finally {
      for (SocketChannel channel : patient) {
        channel.close();
      }
    }
  }

  private Session take() throws InterruptedException {
    Session session = waiting.poll(30, TimeUnit.SECONDS);
    assertThat(session).as("the request has arrived").isNotNull();
    return Objects.requireNonNull(session);
  }

  private SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(path));
    return channel;
  }

  private String ask(String... parts) throws IOException {
    try (SocketChannel channel = connect()) {
      for (String part : parts) {
        send(channel, part);
      }
      return readAll(channel);
    }
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private static String readAll(SocketChannel channel) throws IOException {
    return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
  }
}
