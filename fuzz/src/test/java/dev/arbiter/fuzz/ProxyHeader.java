package dev.arbiter.fuzz;

import dev.arbiter.http.ProxyPreamble.Mode;
import dev.arbiter.http.ProxyReader;
import java.util.List;

/**
 * Bytes that a connection begins with where a PROXY preamble is asked for.
 *
 * <p>What must hold: they mean the same in whatever pieces they come, and to a reader that is given
 * all of them as to one that asks for what it wants, so that no byte of what follows is lost; and
 * what is right in one version is so where both are let in.
 */
public final class ProxyHeader {

  private ProxyHeader() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    String first = read(Mode.V1, bytes);
    String second = read(Mode.V2, bytes);
    String either = read(Mode.AUTO, bytes);
    if (bytes.length > 0) {
      String fitting = bytes[0] == '\r' ? second : first;
      same("with both versions", fitting, either);
    }
  }

  private static String read(Mode mode, byte[] bytes) {
    List<List<byte[]>> ways = Pieces.of(bytes);
    String whole = ProxyReader.read(mode, ways.getFirst());
    for (List<byte[]> pieces : ways.subList(1, ways.size())) {
      same(mode + " in " + pieces.size() + " pieces", whole, ProxyReader.read(mode, pieces));
    }
    same(mode + " as wanted", whole, ProxyReader.readWanted(mode, bytes));
    if (whole.equals("both")) {
      throw new AssertionError("Done, and at fault");
    }
    return whole;
  }

  private static void same(String how, String one, String other) {
    if (!one.equals(other)) {
      throw new AssertionError(how + ": " + one + " and " + other);
    }
  }
}
