package dev.arbiter.socket;

import dev.arbiter.settings.BindAddress;
import dev.arbiter.settings.Config;
import java.nio.file.Path;
import java.util.List;

/**
 * Where and how a generation wants to listen.
 *
 * @param addresses in order
 * @param given whether somebody asked for these addresses; if not, sockets that the service manager
 *     passed are used instead
 * @param backlog connections the kernel queues for each socket
 * @param permissions of socket files, octal; empty for what the umask gives
 * @param owner of socket files: {@code USER}, {@code USER:GROUP}, {@code :GROUP}, or empty
 * @param directory what a relative path starts from
 * @param queues sockets for each TCP address; 1: workers share one
 * @param tls whether {@code addresses} speak TLS
 * @param plain more addresses, which do not; a socket each
 */
public record Listening(
    List<BindAddress> addresses,
    boolean given,
    int backlog,
    String permissions,
    String owner,
    Path directory,
    int queues,
    boolean tls,
    List<BindAddress> plain) {

  public Listening {
    addresses = List.copyOf(addresses);
    plain = List.copyOf(plain);
  }

  /** Without TLS. */
  public Listening(
      List<BindAddress> addresses,
      boolean given,
      int backlog,
      String permissions,
      String owner,
      Path directory,
      int queues) {
    this(addresses, given, backlog, permissions, owner, directory, queues, false, List.of());
  }

  /** As the settings say. */
  public static Listening of(Config config, int queues) {
    return new Listening(
        config.binds(),
        config.isGiven("bind"),
        (int) config.number("backlog"),
        config.text("uds-permissions"),
        config.text("uds-owner"),
        config.directory(),
        queues,
        config.has("certfile"),
        config.insecureBinds());
  }
}
