package dev.arbiter.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The same bytes in different pieces, as a network may deliver them. */
public final class Pieces {
  /** More bytes than this are not sent one by one. */
  private static final int FEW = 512;

  private Pieces() {}

  /** In several ways, of which the first is whole; the same for the same bytes. */
  public static List<List<byte[]>> of(byte[] bytes) {
    List<List<byte[]>> ways = new ArrayList<>();
    ways.add(List.of(bytes));
    ways.add(cut(bytes, new Random(Arrays.hashCode(bytes)), Math.max(2, bytes.length / 2)));
    ways.add(bytes.length > FEW ? cut(bytes, new Random(1), 16) : cut(bytes, new Random(1), 1));
    return ways;
  }

  private static List<byte[]> cut(byte[] bytes, Random random, int most) {
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < bytes.length; ) {
      int to = Math.min(bytes.length, from + 1 + random.nextInt(most));
      pieces.add(Arrays.copyOfRange(bytes, from, to));
      from = to;
    }
    return pieces;
  }
}
