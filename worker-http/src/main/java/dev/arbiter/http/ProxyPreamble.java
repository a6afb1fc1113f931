package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.worker.AddressList;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The PROXY protocol's preamble of one connection (HAProxy's proxy-protocol.txt, versions 1 and 2).
 * What follows is TLS or HTTP.
 *
 * <p>It must be there: the specification forbids a receiver to guess, because a client that may
 * choose whether there is one may write its own. Whatever is wrong with it ends the connection.
 */
public final class ProxyPreamble implements Prelude {

  /** Which versions a connection may begin with. */
  public enum Mode {
    /** None: connections begin with what they carry. */
    OFF,
    /** A line of text. */
    V1,
    /** The binary form. */
    V2,
    /** Either, told apart by its first bytes. */
    AUTO
  }

  /** A line of version 1 with its end; section 2.1. */
  static final int V1_MOST = 107;

  /** The shortest line there is: {@code PROXY UNKNOWN} and its end. */
  private static final int V1_LEAST = 15;

  /** Before the addresses of version 2; section 2.2. */
  private static final int V2_HEAD = 16;

  /**
   * The most after the head of version 2, which says how much it is. The format allows 64 KiB; what
   * proxies send, certificates' names and cloud identifiers included, is a few hundred bytes.
   */
  static final int V2_MOST = 4096;

  private static final byte[] V1_SIGNATURE = "PROXY ".getBytes(ISO_8859_1);
  private static final byte[] V2_SIGNATURE = {
    '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'
  };

  private static final int TLV_CRC32C = 3;

  private final Mode mode;
  private byte[] seen = new byte[V1_MOST];
  private int length;
  private boolean done;
  private @Nullable String fault;
  private boolean announced;
  private @Nullable InetSocketAddress source;
  private @Nullable InetSocketAddress destination;

  /** A preamble of the version that {@code mode} names; not for {@link Mode#OFF}. */
  public ProxyPreamble(Mode mode) {
    this.mode = mode;
  }

  @Override
  public boolean done() {
    return done;
  }

  @Override
  public @Nullable String fault() {
    return fault;
  }

  @Override
  public int wants() {
    if (done || fault != null) {
      return 0;
    }
    if (isV2()) {
      return (length < V2_HEAD ? V2_HEAD : V2_HEAD + addressLength()) - length;
    }
    if (length < V1_LEAST) {
      return V1_LEAST - length;
    }
    return seen[length - 1] == '\r' ? 1 : Math.min(2, V1_MOST - length);
  }

  @Override
  public void take(ByteBuffer in) {
    for (int wanted = wants(); wanted > 0 && in.hasRemaining(); wanted = wants()) {
      int count = Math.min(wanted, in.remaining());
      if (length + count > seen.length) {
        seen = Arrays.copyOf(seen, V2_HEAD + V2_MOST);
      }
      in.get(seen, length, count);
      length += count;
      look(length - count);
    }
  }

  private boolean isV2() {
    return mode == Mode.V2 || (mode == Mode.AUTO && length > 0 && seen[0] == V2_SIGNATURE[0]);
  }

  private void look(int from) {
    byte[] signature = isV2() ? V2_SIGNATURE : V1_SIGNATURE;
    int known = Math.min(length, signature.length);
    if (!Arrays.equals(seen, 0, known, signature, 0, known)) {
      fault = "it does not begin with the PROXY protocol";
    } else if (isV2()) {
      lookV2();
    } else {
      lookV1(from);
    }
  }

  // ---- version 1

  private void lookV1(int from) {
    for (int i = from; i < length; i++) {
      byte b = seen[i];
      boolean afterReturn = i > 0 && seen[i - 1] == '\r';
      if (b == '\n' && afterReturn) {
        done = true;
        line(new String(seen, 0, i - 1, ISO_8859_1));
        return;
      }
      if (afterReturn || b == '\n' || (b < ' ' && b != '\r')) {
        fault = "its PROXY line has a control character";
        return;
      }
    }
    if (length == V1_MOST) {
      fault = "its PROXY line is too long";
    }
  }

  private void line(String line) {
    if (line.equals("PROXY UNKNOWN") || line.startsWith("PROXY UNKNOWN ")) {
      return; // section 2.1: whatever follows is to be ignored
    }
    String[] parts = line.split(" ", -1);
    boolean v6 = parts.length == 6 && parts[1].equals("TCP6");
    if (parts.length != 6 || !(v6 || parts[1].equals("TCP4"))) {
      fail("its PROXY line is malformed");
      return;
    }
    source = endpoint(parts[2], parts[4], v6);
    destination = endpoint(parts[3], parts[5], v6);
    announced = true;
    if (source == null || destination == null) {
      fail("its PROXY line has a malformed address or port");
    }
  }

  private void fail(String reason) {
    done = false;
    fault = reason;
  }

  private static @Nullable InetSocketAddress endpoint(String address, String port, boolean v6) {
    boolean writtenAsV6 = address.indexOf(':') >= 0;
    InetAddress literal = writtenAsV6 == v6 ? AddressList.literal(address) : null;
    if (literal == null || !port.matches("0|[1-9][0-9]{0,4}")) {
      return null;
    }
    int number = Integer.parseInt(port);
    return number > 0xffff ? null : new InetSocketAddress(literal, number);
  }

  // ---- version 2

  private int addressLength() {
    return unsigned(14);
  }

  private int unsigned(int at) {
    return (seen[at] & 0xff) << 8 | (seen[at + 1] & 0xff);
  }

  private void lookV2() {
    if (length < V2_HEAD) {
      return;
    }
    int command = seen[12];
    int family = seen[13];
    if (length == V2_HEAD) {
      if (command != 0x20 && command != 0x21) {
        fault = "its PROXY header has another version than 2, or no known command";
      } else if (addressLength() > V2_MOST) {
        fault = "its PROXY header is too long";
      }
    }
    if (fault != null || length < V2_HEAD + addressLength()) {
      return;
    }
    done = true;
    if (command == 0x20) {
      return; // LOCAL: the proxy's own, such as a health check; addresses are to be ignored
    }
    switch (family) {
      case 0x00 -> { // UNSPEC: the proxy does not know; what follows is to be ignored
        if (!Leniency.UNREAD_VALUES_OF_NOBODY) {
          tlvs(0);
        }
      }
      case 0x11 -> addresses(4);
      case 0x21 -> addresses(16);
      case 0x31 -> {
        announced = true;
        tlvs(216); // two paths, which no app has a use for
      }
      default -> fail("its PROXY header has a family that is not a stream over IP or Unix sockets");
    }
  }

  private void addresses(int size) {
    int end = 2 * size + 4;
    if (addressLength() < end) {
      fail("its PROXY header is too short for its addresses");
      return;
    }
    try {
      source =
          new InetSocketAddress(
              InetAddress.getByAddress(Arrays.copyOfRange(seen, V2_HEAD, V2_HEAD + size)),
              unsigned(V2_HEAD + 2 * size));
      destination =
          new InetSocketAddress(
              InetAddress.getByAddress(
                  Arrays.copyOfRange(seen, V2_HEAD + size, V2_HEAD + 2 * size)),
              unsigned(V2_HEAD + 2 * size + 2));
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
    announced = true;
    tlvs(end);
  }

  /** What comes after the addresses is not used; but it must be whole, and a checksum right. */
  private void tlvs(int addresses) {
    int at = V2_HEAD + addresses;
    while (at < length) {
      int next = at + 3 <= length ? at + 3 + unsigned(at + 1) : Integer.MAX_VALUE;
      if (next > length) {
        fail("its PROXY header has a value that is cut off");
        return;
      }
      if (seen[at] == TLV_CRC32C && !checksumFits(at + 3, next)) {
        fail("its PROXY header has a wrong checksum");
        return;
      }
      at = next;
    }
    if (at > length) {
      fail("its PROXY header is too short for its addresses");
    }
  }

  private boolean checksumFits(int at, int end) {
    if (end - at != 4) {
      return false;
    }
    int told = ByteBuffer.wrap(seen).getInt(at);
    byte[] zeroed = Arrays.copyOf(seen, length);
    Arrays.fill(zeroed, at, end, (byte) 0);
    CRC32C sum = new CRC32C();
    sum.update(zeroed);
    return (int) sum.getValue() == told;
  }

  // ---- what it says

  /**
   * The origin of the connection that {@code socket} is the origin of, once it is {@link #done}.
   * Its forwarding fields are the client's that was announced, not the proxy's, which only passes
   * bytes on: so they are believed only if that client is trusted.
   */
  Origin origin(ProxySettings settings, Origin socket) {
    return announced
        ? settings.origin(false, source, destination, socket.scheme())
        : new Origin(socket.client(), socket.server(), socket.scheme(), null, false);
  }
}
