package dev.arbiter.worker;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
final class SocketChannelsTest {
  @TempDir Path folder;

  @Test
  void a_non_blocking_tcp_descriptor_reads_and_writes_like_a_blocking_channel() throws Throwable {
    try (ServerSocketChannel server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      conversation(server, false);
    }
  }

  @Test
  void so_does_a_unix_descriptor() throws Throwable {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(folder.resolve("echo.sock")));
      conversation(server, true);
    }
  }

  private static void conversation(ServerSocketChannel server, boolean unix) throws Throwable {
    SocketAddress address = server.getLocalAddress();
    try (SocketChannel client = SocketChannel.open(address);
        SocketChannel adopted = SocketChannels.channel(accept(server), unix)) {
      if (unix) {
        assertThat(adopted.getRemoteAddress()).isNull();
      } else {
        assertThat(adopted.getRemoteAddress()).isEqualTo(client.getLocalAddress());
      }

      FutureTask<Integer> reading =
          new FutureTask<>(() -> adopted.read(ByteBuffer.allocate(64))); // waits: nothing sent yet
      Thread reader = Thread.ofVirtual().start(reading);
      awaitWaiting(reader);
      client.write(ByteBuffer.wrap("hello\n".getBytes(US_ASCII)));
      assertThat(reading.get()).isEqualTo(6);

      adopted.write(ByteBuffer.wrap("back\n".getBytes(US_ASCII)));
      assertThat(client.read(ByteBuffer.allocate(64))).isEqualTo(5);

      FutureTask<Integer> idle = new FutureTask<>(() -> adopted.read(ByteBuffer.allocate(64)));
      awaitWaiting(Thread.ofPlatform().start(idle));
      adopted.shutdownInput();
      assertThat(idle.get()).as("a reader woken by our own half-close").isEqualTo(-1);
    }
  }

  private static void awaitWaiting(Thread thread) {
    // A platform thread in poll(2) is RUNNABLE to the JVM; its stack tells.
    while (thread.getState() == Thread.State.NEW
        || java.util.Arrays.stream(thread.getStackTrace())
            .noneMatch(frame -> frame.getMethodName().equals("park"))) {
      Thread.onSpinWait();
    }
  }

  /** A descriptor nobody else closes, as accept4 gives it. */
  @SuppressWarnings("restricted") // dup(2): the JDK hands out no raw descriptor
  private static int accept(ServerSocketChannel server) throws Throwable {
    try (SocketChannel accepted = server.accept()) {
      accepted.configureBlocking(false);
      var jdk = MethodHandles.privateLookupIn(accepted.getClass(), MethodHandles.lookup());
      int fd = (int) jdk.findGetter(accepted.getClass(), "fdVal", int.class).invoke(accepted);
      Linker linker = Linker.nativeLinker();
      return (int)
          linker
              .downcallHandle(
                  linker.defaultLookup().findOrThrow("dup"),
                  FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
              .invokeExact(fd);
    }
  }
}
