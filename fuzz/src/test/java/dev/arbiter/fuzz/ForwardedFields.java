package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.ForwardedReader;
import dev.arbiter.http.Origin;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Lines of header fields that a trusted proxy passed on.
 *
 * <p>What must hold: whatever a client wrote into them, the address that its proxy adds is the one
 * that is believed, or none; and what is told of scheme and host can be used as such.
 */
public final class ForwardedFields {
  private static final InetSocketAddress CLIENT = new InetSocketAddress("203.0.113.9", 0);
  private static final String NAME = "203.0.113.9";

  /** With one more the head must still be let in. */
  private static final int MOST = 90;

  private static final int LONGEST = 8000;

  private ForwardedFields() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    List<String> lines =
        new String(bytes, ISO_8859_1).lines().filter(ForwardedReader::reads).toList();
    Origin origin = ForwardedReader.origin(lines);
    if (origin == null || lines.size() > MOST || bytes.length > LONGEST) {
      return;
    }
    check(origin);
    Origin added = origin(and(lines, "X-Forwarded-For: " + NAME));
    check(added);
    require(CLIENT.equals(added.client()), "a line that was added does not count", added);
    Origin joined = origin(joined(lines));
    check(joined);
    require(CLIENT.equals(joined.client()), "an address that was added does not count", joined);
    if (lines.stream().allMatch(line -> line.toLowerCase(Locale.ROOT).startsWith("forwarded:"))) {
      Origin other = origin(and(lines, "Forwarded: for=" + NAME + ";proto=https"));
      check(other);
      require(CLIENT.equals(other.client()), "an element that was added does not count", other);
      require(other.scheme().equals("https"), "a scheme that was added does not count", other);
    }
  }

  private static Origin origin(List<String> lines) {
    return Objects.requireNonNull(ForwardedReader.origin(lines), "refused");
  }

  private static List<String> and(List<String> lines, String more) {
    List<String> all = new ArrayList<>(lines);
    all.add(more);
    return all;
  }

  /** As a proxy does that adds to the last line there is. */
  private static List<String> joined(List<String> lines) {
    List<String> all = new ArrayList<>(lines);
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).toLowerCase(Locale.ROOT).startsWith("x-forwarded-for:")) {
        all.set(i, all.get(i) + ", " + NAME);
        return all;
      }
    }
    return and(lines, "X-Forwarded-For: " + NAME);
  }

  private static void check(Origin origin) {
    require(origin.scheme().equals("http") || origin.scheme().equals("https"), "scheme", origin);
    require(ForwardedReader.harmless(origin.host()), "host", origin);
  }

  private static void require(boolean holds, String what, Origin origin) {
    if (!holds) {
      throw new AssertionError(what + ": " + origin);
    }
  }
}
