package dev.arbiter.settings;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What {@code --bind} names. Written back by {@code toString} so that it can be read again. */
public sealed interface BindAddress {

  /** Where a host without a port listens. */
  int DEFAULT_PORT = 8000;

  /**
   * A TCP address.
   *
   * @param host a name or literal address without brackets; empty for all interfaces, v4 and v6
   * @param port 0 lets the kernel choose
   */
  record Tcp(String host, int port) implements BindAddress {
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /**
   * A Unix socket.
   *
   * @param path its path, or the name of an abstract socket, without {@code @}
   * @param isAbstract whether it lives outside the file system
   */
  record Unix(String path, boolean isAbstract) implements BindAddress {
    @Override
    public String toString() {
      return "unix:" + (isAbstract ? "@" : "") + path;
    }
  }

  /** A descriptor the arbiter inherited: a bound, listening socket. */
  record Fd(int fd) implements BindAddress {
    @Override
    public String toString() {
      return "fd://" + fd;
    }
  }

  /** Sockets the service manager passed under this name ({@code LISTEN_FDNAMES}). */
  record Named(String name) implements BindAddress {
    @Override
    public String toString() {
      return "fd://" + name;
    }
  }

  /**
   * Reads {@code HOST:PORT}, {@code :PORT}, {@code HOST}, {@code [::1]:PORT}, {@code unix:PATH},
   * {@code unix:@NAME}, {@code fd://N} or {@code fd://NAME}.
   *
   * @throws IllegalArgumentException saying what was expected
   */
  static BindAddress parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      return unix(path.startsWith("//") ? path.substring(2) : path);
    }
    if (text.startsWith("fd://")) {
      String name = text.substring("fd://".length());
      return Syntax.PASSED.matcher(name).matches() ? new Named(name) : fd(name);
    }
    if (text.startsWith("fd:")) {
      throw new IllegalArgumentException("two slashes, as in fd://3");
    }
    String address = text.startsWith("tcp://") ? text.substring("tcp://".length()) : text;
    if (address.contains("://")) {
      throw new IllegalArgumentException("HOST:PORT without a scheme or path");
    }
    return tcp(address);
  }

  /** A Unix socket from what follows {@code unix:}. */
  static BindAddress unix(String path) {
    boolean isAbstract = path.startsWith("@");
    String name = isAbstract ? path.substring(1) : path;
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a path after unix:, such as unix:/run/app.sock");
    }
    // sockaddr_un has room for 108 bytes, one of which is the end of the path or the leading zero.
    if (name.getBytes(StandardCharsets.UTF_8).length > 107) {
      throw new IllegalArgumentException(
          "a path of at most 107 bytes, the most a Unix socket address holds");
    }
    return new Unix(name, isAbstract);
  }

  /** An inherited descriptor from its number. */
  static BindAddress fd(String number) {
    if (!number.matches("[0-9]{1,6}") || number.matches("0*[12]")) {
      throw new IllegalArgumentException(
          "the number or name of an inherited socket, such as fd://3 (1 and 2 are the output)");
    }
    return new Fd(Integer.parseInt(number));
  }

  private static BindAddress tcp(String address) {
    String host;
    String port;
    if (address.startsWith("[")) {
      int end = address.indexOf(']');
      if (end < 0) {
        throw new IllegalArgumentException("a closing bracket, as in [::1]:8000");
      }
      host = host("[" + address.substring(1, end) + "]");
      String rest = address.substring(end + 1);
      if (!rest.isEmpty() && !rest.startsWith(":")) {
        throw new IllegalArgumentException(":PORT after the bracket, as in [::1]:8000");
      }
      port = rest.isEmpty() ? "" : rest.substring(1);
      return new Tcp(host, rest.isEmpty() ? DEFAULT_PORT : port(port));
    }
    int colon = address.indexOf(':');
    if (colon != address.lastIndexOf(':')) {
      throw new IllegalArgumentException("an IPv6 address in brackets, as in [::1]:8000");
    }
    host = host(colon < 0 ? address : address.substring(0, colon));
    return new Tcp(host, colon < 0 ? DEFAULT_PORT : port(address.substring(colon + 1)));
  }

  /** Checks a host as in {@code --host}: brackets around IPv6 are welcome, {@code *} means all. */
  static String host(String text) {
    boolean bracketed = text.startsWith("[") && text.endsWith("]");
    String host = bracketed ? text.substring(1, text.length() - 1) : text;
    if (host.contains(":") || bracketed) {
      if (!Syntax.V6.matcher(host).matches()) {
        throw new IllegalArgumentException("an IPv6 address such as [::1]:8000");
      }
      return host;
    }
    if (host.isEmpty() || host.equals("*")) {
      return "";
    }
    if (Syntax.DIGITS_AND_DOTS.matcher(host).matches() && !Syntax.V4.matcher(host).matches()) {
      throw new IllegalArgumentException("an IPv4 address of four numbers from 0 to 255");
    }
    if (!Syntax.NAME.matcher(host).matches()) {
      throw new IllegalArgumentException(Syntax.EXPECTED);
    }
    return host;
  }

  private static int port(String text) {
    if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 65_535) {
      throw new IllegalArgumentException("a port from 0 to 65535 after the colon");
    }
    return Integer.parseInt(text);
  }

  /** Not for other packages; an interface has no private constants. */
  final class Syntax {
    static final String EXPECTED =
        "HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, fd://NUMBER or fd://NAME";
    private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    private static final Pattern V4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");
    private static final Pattern V6 =
        Pattern.compile("[0-9a-fA-F]*:[0-9a-fA-F:]*[0-9a-fA-F:.]*(%[A-Za-z0-9._-]+)?");
    private static final Pattern DIGITS_AND_DOTS = Pattern.compile("[0-9.]+");

    /** A name as in sd_listen_fds(3); one that begins like a number cannot be told from one. */
    private static final Pattern PASSED = Pattern.compile("[A-Za-z_][!-9;-~]{0,254}");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9._-]*)");

    private Syntax() {}
  }
}
