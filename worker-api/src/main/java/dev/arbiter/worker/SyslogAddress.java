package dev.arbiter.worker;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a syslog daemon listens: {@code --log-syslog-to}. */
public sealed interface SyslogAddress {

  /** The port of syslog, over UDP as over TCP. */
  int DEFAULT_PORT = 514;

  /**
   * Over a network: a message for each datagram, or with {@code stream} a line for each.
   *
   * @param host a name or an address, without brackets; looked up whenever a socket is opened
   * @param port 1 to 65535
   * @param stream whether over TCP, else UDP
   */
  record Remote(String host, int port, boolean stream) implements SyslogAddress {}

  /**
   * On this machine.
   *
   * @param path of the daemon's socket, such as {@code /dev/log}
   * @param stream whether the socket is one of streams, else of datagrams
   */
  record Local(String path, boolean stream) implements SyslogAddress {}

  /**
   * Reads {@code udp://HOST:PORT}, {@code tcp://HOST:PORT}, {@code unix:PATH} or {@code
   * unix://PATH#TYPE}, where the type is {@code dgram}, the default, or {@code stream}.
   *
   * @param text as {@code --log-syslog-to} has it
   * @return where that leads; nothing is opened yet
   * @throws IllegalArgumentException saying what was expected
   */
  static SyslogAddress parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length()).replaceFirst("^//", "");
      int type = path.lastIndexOf('#');
      String kind = type < 0 ? "dgram" : path.substring(type + 1);
      String file = type < 0 ? path : path.substring(0, type);
      // sockaddr_un has room for 108 bytes with the zero at the end: unix(7).
      if (file.isEmpty() || file.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > 107) {
        throw new IllegalArgumentException("a path of at most 107 bytes, as in unix:/dev/log");
      }
      if (!kind.equals("dgram") && !kind.equals("stream")) {
        throw new IllegalArgumentException("#dgram or #stream after the path, as in unix:/dev/log");
      }
      return new Local(file, kind.equals("stream"));
    }
    Matcher remote = Form.REMOTE.matcher(text);
    if (!remote.matches()) {
      throw new IllegalArgumentException(
          "udp://HOST:PORT, tcp://HOST:PORT or unix:PATH, such as unix:/dev/log");
    }
    String port = remote.group(3);
    int number = port == null ? DEFAULT_PORT : Integer.parseInt(port);
    if (number < 1 || number > 65_535) {
      throw new IllegalArgumentException("a port from 1 to 65535");
    }
    String host = remote.group(2);
    return new Remote(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        number,
        remote.group(1).equals("tcp"));
  }

  /** Not for others; an interface has no private constants. */
  final class Form {
    private static final Pattern REMOTE =
        Pattern.compile("(udp|tcp)://([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+])(?::([0-9]{1,5}))?");

    private Form() {}
  }
}
