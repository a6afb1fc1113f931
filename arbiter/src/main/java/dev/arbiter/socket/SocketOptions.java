package dev.arbiter.socket;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * Numbers of socket(7), tcp(7), ipv6(7) and the layout of structs that go with them. The same on
 * x86-64 and aarch64; another architecture (MIPS, SPARC) has others.
 */
public final class SocketOptions {
  static final int SOCK_STREAM = 1;

  /** Messages, each whole. */
  public static final int SOCK_DGRAM = 2;

  static final int SOCK_NONBLOCK = 0x800;

  /** No program that this one becomes or starts inherits it. */
  public static final int SOCK_CLOEXEC = 0x80000;

  static final int SOL_SOCKET = 1;
  static final int SO_REUSEADDR = 2;
  static final int SO_REUSEPORT = 15;
  static final int SO_RCVTIMEO = 20;
  static final int SO_ACCEPTCONN = 30;
  static final int IPPROTO_TCP = 6;
  static final int TCP_INFO = 11;
  static final int IPPROTO_IPV6 = 41;
  static final int IPV6_V6ONLY = 26;

  /**
   * struct tcp_info: eight bytes, then 32-bit counters. On a listening socket the kernel puts the
   * length of its accept queue into the fifth (tcp_get_info in net/ipv4/tcp.c).
   */
  static final int TCPI_UNACKED = 8 + 4 * 4;

  private SocketOptions() {}

  static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  /** struct timeval, 64 bit. */
  static byte[] time(Duration value) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.nativeOrder())
        .putLong(value.toSeconds())
        .putLong(value.toNanosPart() / 1000)
        .array();
  }
}
