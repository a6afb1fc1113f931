package dev.arbiter.tests;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

/** TCP ports to bind later. */
final class Ports {
  private static final Path GIVEN_OUT = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
  private static final int LOWEST = 10_000;

  private Ports() {}

  /**
   * A port that nobody has bound, and that the kernel gives to nobody who lets it choose: no
   * connection and no {@code bind} to port 0 takes it before the test does.
   */
  static int free() throws IOException {
    String range = Files.readAllLines(GIVEN_OUT).getFirst();
    int first = Integer.parseInt(range.strip().split("\\s+")[0]);
    while (true) {
      int port = first > LOWEST ? ThreadLocalRandom.current().nextInt(LOWEST, first) : 0;
      try (ServerSocket socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (IOException taken) {
        if (port == 0) {
          throw taken;
        }
      }
    }
  }
}
