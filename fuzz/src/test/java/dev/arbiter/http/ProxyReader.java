package dev.arbiter.http;

import dev.arbiter.http.ProxyPreamble.Mode;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/** Reads a connection's PROXY preamble as the workers do. */
@NullMarked
public final class ProxyReader {
  private static final ProxySettings SETTINGS = Proxies.settings();
  private static final Origin SOCKET =
      new Origin(
          new InetSocketAddress("10.0.0.1", 5),
          new InetSocketAddress("10.0.0.2", 80),
          "http",
          null,
          true);

  private ProxyReader() {}

  /** As netty does: it is given all that came, and leaves what is not its own. */
  public static String read(Mode mode, List<byte[]> pieces) {
    ProxyPreamble preamble = new ProxyPreamble(mode);
    int taken = 0;
    for (byte[] piece : pieces) {
      if (preamble.done() || preamble.fault() != null) {
        break;
      }
      ByteBuffer in = ByteBuffer.wrap(piece);
      preamble.take(in);
      taken += in.position();
      if (in.hasRemaining() && preamble.wants() > 0) {
        throw new AssertionError("It wants more, but left " + in.remaining());
      }
    }
    return shown(preamble, taken);
  }

  /** As sync does: it is never given more than it wants. */
  public static String readWanted(Mode mode, byte[] bytes) {
    ProxyPreamble preamble = new ProxyPreamble(mode);
    int taken = 0;
    while (preamble.wants() > 0 && taken < bytes.length) {
      int end = Math.min(bytes.length, taken + preamble.wants());
      preamble.take(ByteBuffer.wrap(Arrays.copyOfRange(bytes, taken, end)));
      taken = end;
    }
    return shown(preamble, taken);
  }

  private static String shown(ProxyPreamble preamble, int taken) {
    if (preamble.fault() != null) {
      return preamble.done() ? "both" : "refused";
    }
    return preamble.done()
        ? "of " + taken + " bytes: " + preamble.origin(SETTINGS, SOCKET)
        : "wants more";
  }
}
