package dev.arbiter.settings;

import java.util.Collection;
import java.util.Optional;

/** Finds the name somebody probably meant. */
public final class Nearest {

  private Nearest() {}

  /** The name nearest to {@code typed}, if any is near enough to be worth a mention. */
  public static Optional<String> of(String typed, Collection<String> names) {
    String best = "";
    int least = Integer.MAX_VALUE;
    for (String name : names) {
      // A beginning is a better guess than its number of missing letters says.
      boolean beginning = typed.length() >= 3 && name.startsWith(typed);
      int distance = beginning ? 1 : distance(typed, name);
      if (distance < least || (distance == least && name.length() < best.length())) {
        least = distance;
        best = name;
      }
    }
    return least <= Math.max(1, Math.min(4, typed.length() / 3))
        ? Optional.of(best)
        : Optional.empty();
  }

  /** What is expected where only {@code words} are, and which of them was probably meant. */
  public static String oneOf(String typed, Collection<String> words) {
    return "one of " + String.join(", ", words) + hint(typed, words);
  }

  /** The end of a message: which of {@code names} was probably meant; empty if none was. */
  public static String hint(String typed, Collection<String> names) {
    return of(typed, names).map(near -> "; the nearest is " + near).orElse("");
  }

  /** Insertions, deletions, changes and swaps of neighbours. */
  static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(Math.min(cost[i - 1][j], cost[i][j - 1]) + 1, cost[i - 1][j - 1] + change);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
