package dev.arbiter.socket;

import dev.arbiter.settings.BindAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** An address as the kernel takes it: names looked up, paths made absolute. */
final class Endpoint {
  /** The end of a key of an IPv6 socket that leaves IPv4 alone. */
  static final String V6_ONLY = " v6only";

  private final BindAddress asked;
  private final String key;
  private final byte[] address;
  private final boolean v6Only;
  private final Optional<Path> path;

  /**
   * @param asked as it was given
   * @param key the same for addresses that mean the same socket
   * @param address struct sockaddr; empty for an inherited descriptor
   * @param v6Only for IPv6: leave IPv4 alone
   * @param path of a socket file
   */
  private Endpoint(
      BindAddress asked, String key, byte[] address, boolean v6Only, Optional<Path> path) {
    this.asked = asked;
    this.key = key;
    this.address = address;
    this.v6Only = v6Only;
    this.path = path;
  }

  BindAddress asked() {
    return asked;
  }

  String key() {
    return key;
  }

  byte[] address() {
    return address.clone();
  }

  boolean v6Only() {
    return v6Only;
  }

  Optional<Path> path() {
    return path;
  }

  /** The same, met by a socket that exists. */
  Endpoint by(int fd) {
    return new Endpoint(new BindAddress.Fd(fd), key, new byte[0], false, path);
  }

  /** Looks it up: may take time. */
  static Endpoint of(BindAddress asked, List<BindAddress> all, Path directory) throws BindFailure {
    return switch (asked) {
      case BindAddress.Tcp tcp -> tcp(tcp, all);
      case BindAddress.Unix unix when unix.isAbstract() ->
          new Endpoint(
              unix,
              unix.toString(),
              SocketAddress.ofUnix(unix.path(), true),
              false,
              Optional.empty());
      case BindAddress.Unix unix -> {
        Path path = directory.resolve(unix.path()).toAbsolutePath().normalize();
        yield new Endpoint(
            unix,
            "unix:" + path,
            SocketAddress.ofUnix(path.toString(), false),
            false,
            Optional.of(path));
      }
      case BindAddress.Fd fd ->
          new Endpoint(fd, fd.toString(), new byte[0], false, Optional.empty());
      case BindAddress.Named named ->
          throw new BindFailure(
              2,
              false,
              "Cannot use %s: no socket of that name was passed to this process".formatted(named),
              "FileDescriptorName= in the .socket unit names it; systemd-socket-activate has"
                  + " --fdname");
    };
  }

  /** The same, known by another key. */
  Endpoint as(String otherKey) {
    return new Endpoint(asked, otherKey, address, v6Only, path);
  }

  private static Endpoint tcp(BindAddress.Tcp tcp, List<BindAddress> all) throws BindFailure {
    InetAddress host;
    try {
      host = InetAddress.getByName(tcp.host().isEmpty() ? "::" : tcp.host());
    } catch (UnknownHostException e) {
      throw new BindFailure(
          2,
          false,
          "Cannot bind %s: the host %s is not known".formatted(tcp, tcp.host()),
          "give an address of this machine, 127.0.0.1 for this machine only, or :%d for all"
              .formatted(tcp.port()));
    }
    boolean v6Only = host instanceof Inet6Address && onV4Too(tcp, all);
    byte[] address = SocketAddress.of(host, tcp.port());
    return new Endpoint(
        tcp,
        SocketAddress.name(address) + (v6Only ? V6_ONLY : ""),
        address,
        v6Only,
        Optional.empty());
  }

  /** Whether the same port is bound on IPv4 as well, so that [::] must leave it alone. */
  private static boolean onV4Too(BindAddress.Tcp tcp, List<BindAddress> all) {
    return all.stream()
        .anyMatch(
            other ->
                other instanceof BindAddress.Tcp(String host, int port)
                    && port == tcp.port()
                    && !host.isEmpty()
                    && !host.contains(":"));
  }
}
