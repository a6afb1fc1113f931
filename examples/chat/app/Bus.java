package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Tells the other workers of this machine: each listens at a Unix socket of its own in a folder
 * that all know, and who has something to say writes a line to every socket there. Any thread.
 *
 * <p>Nothing is kept: a worker hears what is said while it is there. One that reads slowly holds up
 * who speaks. Where that is too little, or there are several machines, a message broker does the
 * same with more care.
 */
final class Bus implements Closeable {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final Path folder;
  private final Path own;
  private final ServerSocketChannel listener;
  private final Consumer<String> heard;
  private final Map<Path, SocketChannel> others = new ConcurrentHashMap<>();

  private Bus(Path folder, Path own, ServerSocketChannel listener, Consumer<String> heard) {
    this.folder = folder;
    this.own = own;
    this.listener = listener;
    this.heard = heard;
  }

  /**
   * Joins.
   *
   * @param folder is made if it is not there
   * @param heard is told each line of another worker, one at a time for each of them
   */
  static Bus join(Path folder, Consumer<String> heard) throws IOException {
    Files.createDirectories(folder);
    // A pid and a number, so that two of a JVM's, or of two generations, do not meet.
    String name = ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet() + ".sock";
    Path own = folder.resolve(name);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(own));
    Bus bus = new Bus(folder, own, listener, heard);
    Thread.ofVirtual().name("bus").start(bus::listen);
    return bus;
  }

  private void listen() {
    try {
      while (true) {
        SocketChannel other = listener.accept();
        Thread.ofVirtual().name("bus-hear").start(() -> hear(other));
      }
    } catch (IOException _) {
      // Closed: the worker leaves.
    }
  }

  private void hear(SocketChannel other) {
    try (other;
        BufferedReader lines = new BufferedReader(Channels.newReader(other, UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        heard.accept(line);
      }
    } catch (IOException _) {
      // The other worker has gone.
    }
  }

  /** Tells all others a line. Two lines of one thread arrive in that order. */
  void tell(String line) throws IOException {
    byte[] bytes = (line + "\n").getBytes(UTF_8);
    try (DirectoryStream<Path> sockets = Files.newDirectoryStream(folder, "*.sock")) {
      for (Path socket : sockets) {
        if (!socket.equals(own)) {
          tell(socket, bytes);
        }
      }
    }
  }

  private void tell(Path socket, byte[] bytes) throws IOException {
    try {
      SocketChannel other = others.get(socket);
      if (other == null) {
        SocketChannel opened = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        SocketChannel first = others.putIfAbsent(socket, opened);
        if (first != null) {
          opened.close();
        }
        other = first == null ? opened : first;
      }
      synchronized (other) { // a line is not to be cut by another thread's
        for (ByteBuffer rest = ByteBuffer.wrap(bytes); rest.hasRemaining(); ) {
          other.write(rest);
        }
      }
    } catch (IOException _) {
      // Who does not listen any more has gone, and may have had no time to take its name along.
      SocketChannel gone = others.remove(socket);
      if (gone != null) {
        gone.close();
      }
      Files.deleteIfExists(socket);
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(own);
    listener.close();
    for (SocketChannel other : others.values()) {
      other.close();
    }
  }
}
