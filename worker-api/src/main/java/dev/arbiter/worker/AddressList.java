package dev.arbiter.worker;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A list of IP addresses and networks, as {@code --forwarded-allow-ips} and {@code
 * --proxy-allow-from} have it: {@code 127.0.0.1, 10.0.0.0/8, ::1}, or {@code *} for every address.
 * The arbiter checks it, workers ask it. Immutable, any thread.
 *
 * <p>No name is ever looked up: who is trusted must not hang on a name server. An IPv4 address in
 * an IPv6 coat ({@code ::ffff:10.0.0.1}, as a dual-stack socket tells it) is that IPv4 address.
 */
public final class AddressList {
  private final boolean all;
  private final List<Network> networks;

  /** An address, of which some bits count, from the left. */
  private static final class Network {
    private final byte[] address;
    private final int bits;

    Network(byte[] address, int bits) {
      this.address = address;
      this.bits = bits;
    }

    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      int whole = bits / 8;
      if (!Arrays.equals(address, 0, whole, other, 0, whole)) {
        return false;
      }
      int rest = bits % 8;
      return rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0;
    }
  }

  private AddressList(boolean all, List<Network> networks) {
    this.all = all;
    this.networks = List.copyOf(networks);
  }

  /**
   * Reads a list: addresses, networks ({@code 10.0.0.0/8}) and {@code *}, with commas or blanks
   * between them. An empty list contains nothing.
   *
   * @param text as a setting has it; may be empty
   * @return what contains these and nothing else
   * @throws IllegalArgumentException a part is none of these; the message is that part
   */
  public static AddressList parse(String text) {
    boolean all = false;
    List<Network> networks = new ArrayList<>();
    for (String part : text.split("[,\\s]+", -1)) {
      if (part.equals("*")) {
        all = true;
      } else if (!part.isEmpty()) {
        networks.add(network(part));
      }
    }
    return new AddressList(all, networks);
  }

  private static Network network(String part) {
    int slash = part.indexOf('/');
    InetAddress address = literal(slash < 0 ? part : part.substring(0, slash));
    if (address == null) {
      throw new IllegalArgumentException(part);
    }
    byte[] bytes = address.getAddress();
    int bits = bytes.length * 8;
    if (slash >= 0) {
      String length = part.substring(slash + 1);
      // The prefix of an address in its coat counts the coat's bits: better to ask for plain IPv4.
      boolean coated = part.indexOf(':') >= 0 && bytes.length == 4;
      if (coated || !length.matches("0|[1-9][0-9]{0,2}") || Integer.parseInt(length) > bits) {
        throw new IllegalArgumentException(part);
      }
      bits = Integer.parseInt(length);
    }
    return new Network(bytes, bits);
  }

  /**
   * {@return whether an address, or a network it is in, is in the list}
   *
   * @param address an IPv4 address that is written as IPv6 counts as the former
   */
  public boolean contains(InetAddress address) {
    if (all) {
      return true;
    }
    byte[] bytes = plain(address.getAddress());
    for (Network network : networks) {
      if (network.contains(bytes)) {
        return true;
      }
    }
    return false;
  }

  /** Without the IPv6 coat of an IPv4 address (RFC 4291 section 2.5.5.2). */
  private static byte[] plain(byte[] bytes) {
    if (bytes.length != 16 || bytes[10] != -1 || bytes[11] != -1) {
      return bytes;
    }
    for (int i = 0; i < 10; i++) {
      if (bytes[i] != 0) {
        return bytes;
      }
    }
    return Arrays.copyOfRange(bytes, 12, 16);
  }

  /**
   * {@return the address a text stands for: four decimal numbers without leading zeros, which some
   * read as octal, or IPv6 (RFC 4291 section 2.2) without brackets and zone} Null if it is neither;
   * never looks a name up.
   *
   * @param text of any kind, such as a name
   */
  public static @Nullable InetAddress literal(String text) {
    try {
      if (text.indexOf(':') < 0) {
        byte[] bytes = dottedQuad(text);
        return bytes == null ? null : InetAddress.getByAddress(bytes);
      }
      return isV6(text) ? Inet6Address.ofLiteral(text) : null;
    } catch (UnknownHostException | IllegalArgumentException _) {
      return null;
    }
  }

  private static byte @Nullable [] dottedQuad(String text) {
    byte[] bytes = new byte[4];
    int part = 0;
    int number = -1;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '.';
      if (c == '.') {
        if (number < 0 || part == 4) {
          return null;
        }
        bytes[part++] = (byte) number;
        number = -1;
      } else if (c < '0' || c > '9' || number == 0) {
        return null;
      } else {
        number = number < 0 ? c - '0' : number * 10 + (c - '0');
        if (number > 255) {
          return null;
        }
      }
    }
    return part == 4 ? bytes : null;
  }

  /** The characters and the last part; the groups are the JDK's to judge. */
  private static boolean isV6(String text) {
    if (text.length() > 45) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean hex = c <= 'f' && Character.digit(c, 16) >= 0;
      if (!hex && c != ':' && c != '.') {
        return false;
      }
    }
    return text.indexOf('.') < 0 || dottedQuad(text.substring(text.lastIndexOf(':') + 1)) != null;
  }
}
