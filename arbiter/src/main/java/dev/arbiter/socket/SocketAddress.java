package dev.arbiter.socket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.worker.Abi;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A struct sockaddr, written and read: ip(7), ipv6(7), unix(7). */
public final class SocketAddress {
  private SocketAddress() {}

  static byte[] of(InetAddress address, int port) {
    return switch (address) {
      case Inet4Address v4 ->
          buffer(Abi.SOCKADDR_IN_SIZE, Abi.AF_INET)
              .putShort((short) port)
              .put(v4.getAddress())
              .array();
      case Inet6Address v6 ->
          buffer(Abi.SOCKADDR_IN6_SIZE, Abi.AF_INET6)
              .putShort((short) port)
              .putInt(0)
              .put(v6.getAddress())
              .order(ByteOrder.nativeOrder())
              .putInt(v6.getScopeId())
              .array();
      default -> throw new IllegalArgumentException("Not an IP address: " + address);
    };
  }

  /**
   * The address of a Unix socket: a path, or a name in the abstract namespace, without its zero.
   */
  public static byte[] ofUnix(String path, boolean isAbstract) {
    byte[] name = path.getBytes(UTF_8);
    // An abstract name starts with a zero byte and is as long as the address says; a path ends with
    // one.
    ByteBuffer buffer = buffer(2 + name.length + 1, Abi.AF_UNIX);
    return (isAbstract ? buffer.put((byte) 0).put(name) : buffer.put(name).put((byte) 0)).array();
  }

  private static ByteBuffer buffer(int size, int family) {
    return ByteBuffer.allocate(size)
        .order(ByteOrder.nativeOrder())
        .putShort((short) family)
        .order(ByteOrder.BIG_ENDIAN);
  }

  static int family(byte[] address) {
    return ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).getShort() & 0xffff;
  }

  static int port(byte[] address) {
    return ByteBuffer.wrap(address).getShort(2) & 0xffff;
  }

  /** Whether both name the same socket. A path may or may not end with a zero byte. */
  static boolean same(byte[] one, byte[] other) {
    if (family(one) != family(other)) {
      return false;
    }
    return family(one) == Abi.AF_UNIX
        ? unixPath(one).equals(unixPath(other))
        : name(one).equals(name(other));
  }

  /** As it stands in the log: {@code http://127.0.0.1:8000}, {@code unix:/run/app.sock}. */
  static String name(byte[] address) {
    try {
      return switch (family(address)) {
        case Abi.AF_INET ->
            "http://%s:%d"
                .formatted(
                    InetAddress.getByAddress(Arrays.copyOfRange(address, 4, 8)).getHostAddress(),
                    port(address));
        case Abi.AF_INET6 ->
            "http://[%s]:%d".formatted(shortV6(Arrays.copyOfRange(address, 8, 24)), port(address));
        case Abi.AF_UNIX -> "unix:" + unixPath(address);
        default -> "family " + family(address);
      };
    } catch (UnknownHostException impossible) {
      throw new AssertionError(impossible); // the array has the right length
    }
  }

  private static String shortV6(byte[] address) throws UnknownHostException {
    InetAddress v6 = Inet6Address.getByAddress(null, address, -1);
    return v6.isAnyLocalAddress() ? "::" : v6.isLoopbackAddress() ? "::1" : v6.getHostAddress();
  }

  private static String unixPath(byte[] address) {
    int from = 2;
    if (address.length > 3 && address[2] == 0) {
      return "@" + new String(address, 3, address.length - 3, UTF_8);
    }
    int end = from;
    while (end < address.length && address[end] != 0) {
      end++;
    }
    return new String(address, from, end - from, UTF_8);
  }
}
