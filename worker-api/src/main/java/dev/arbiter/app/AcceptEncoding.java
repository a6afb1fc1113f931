package dev.arbiter.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Which content codings a client takes, and which rather (RFC 9110 section 12.5.3). Immutable. */
public final class AcceptEncoding {
  private static final int FULL = 1000;

  /** A coding in lower case, and its weight in thousandths. */
  private record Preference(String coding, int weight) {}

  private final List<Preference> preferences;

  private AcceptEncoding(List<Preference> preferences) {
    this.preferences = preferences;
  }

  /**
   * {@return what these header fields of a request say} A member that is malformed counts as one
   * that is not taken: nobody is sent what he may not be able to read.
   *
   * @param headers of a request; its {@code Accept-Encoding} is read
   */
  public static AcceptEncoding of(Headers headers) {
    List<Preference> preferences = new ArrayList<>();
    for (String field : headers.all("accept-encoding")) {
      for (String member : field.toLowerCase(Locale.ROOT).split(",")) {
        String[] parts = member.strip().split(";", 2);
        // RFC 9110 section 8.4.1.3: the old name says the same.
        String coding = parts[0].strip().equals("x-gzip") ? "gzip" : parts[0].strip();
        if (!coding.isEmpty()) {
          preferences.add(
              new Preference(coding, parts.length == 1 ? FULL : weight(parts[1].strip())));
        }
      }
    }
    return new AcceptEncoding(List.copyOf(preferences));
  }

  /** {@code q=0.5} in thousandths; 0 if it is anything else. */
  private static int weight(String parameter) {
    if (!parameter.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")) {
      return 0;
    }
    String digits = parameter.substring(2).replace(".", "");
    return Integer.parseInt((digits + "000").substring(0, 4));
  }

  /**
   * {@return whether the client takes this coding: named, or covered by an asterisk, and not with
   * 0}
   *
   * @param coding in lower case, such as {@code gzip}
   */
  public boolean takes(String coding) {
    return weightOf(coding) > 0;
  }

  /**
   * {@return the coding to use, of several that there are: the one the client likes best and, of
   * those it likes the same, the first} Empty if it takes none of them, or would rather have none:
   * it must then be sent what it is sent without a coding.
   *
   * @param codings in lower case, the server's favourite first
   */
  public Optional<String> best(List<String> codings) {
    String best = "";
    int weight = Math.max(named("identity"), 1); // unnamed it is taken, but not asked for
    for (String coding : codings) {
      int its = weightOf(coding);
      if (its > weight || (its == weight && best.isEmpty())) {
        best = coding;
        weight = its;
      }
    }
    return best.isEmpty() ? Optional.empty() : Optional.of(best);
  }

  private int weightOf(String coding) {
    int named = named(coding);
    return named >= 0 ? named : Math.max(named("*"), 0);
  }

  /** -1 if it is not there. */
  private int named(String coding) {
    for (Preference preference : preferences) {
      if (preference.coding.equals(coding)) {
        return preference.weight;
      }
    }
    return -1;
  }
}
