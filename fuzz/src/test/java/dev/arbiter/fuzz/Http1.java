package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.HttpSettings;
import dev.arbiter.netty.NettyReader;
import dev.arbiter.sync.SyncReader;
import dev.arbiter.worker.WorkerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Bytes that come over a connection that is to speak HTTP/1.1.
 *
 * <p>What must hold: each worker reads the same requests out of them in whatever pieces they come,
 * and refuses the same; and so do both workers.
 */
public final class Http1 {
  /** Limits that small inputs reach. */
  private static final HttpSettings SETTINGS =
      HttpSettings.from(
          new WorkerSettings(
              Map.of(
                  "limit-request-line", "128",
                  "limit-request-fields", "8",
                  "limit-request-field-size", "64",
                  "limit-request-body", "512")));

  /**
   * Brings whatever is unfinished to an end, if it is not data of known length: what is wrong may
   * be seen at the end of a line only, or before.
   */
  private static final byte[] REST =
      ("\r\n\r\n" + "a".repeat(70_000) + "\r\n\r\n").getBytes(ISO_8859_1);

  private Http1() {}

  /** One input. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    List<List<byte[]>> ways = Pieces.of(bytes);
    List<byte[]> whole = ways.getFirst();
    for (List<byte[]> pieces : ways.subList(1, ways.size())) {
      alike("netty", NettyReader::read, whole, "netty in pieces", NettyReader::read, pieces);
      alike("sync", SyncReader::read, whole, "sync in pieces", SyncReader::read, pieces);
    }
    alike("netty", NettyReader::read, whole, "sync", SyncReader::read, whole);
  }

  private static void alike(
      String oneName,
      Reader one,
      List<byte[]> onePieces,
      String otherName,
      Reader other,
      List<byte[]> otherPieces) {
    Reading read = one.read(SETTINGS, onePieces);
    Reading also = other.read(SETTINGS, otherPieces);
    if (read.ended() != also.ended()) {
      read = one.read(SETTINGS, and(onePieces, REST));
      also = other.read(SETTINGS, and(otherPieces, REST));
    }
    if (!read.text().equals(also.text())) {
      throw new AssertionError(
          "%s:%n%s%n-- %s, in %d pieces:%n%s"
              .formatted(oneName, read, otherName, otherPieces.size(), also));
    }
  }

  /** How a worker reads. */
  private interface Reader {
    Reading read(HttpSettings settings, List<byte[]> pieces);
  }

  private static List<byte[]> and(List<byte[]> pieces, byte[] more) {
    List<byte[]> all = new ArrayList<>(pieces);
    all.add(more);
    return all;
  }
}
