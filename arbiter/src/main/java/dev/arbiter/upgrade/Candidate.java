package dev.arbiter.upgrade;

import dev.arbiter.upgrade.StateText.Line;
import dev.arbiter.wire.Wire;
import java.util.Optional;
import java.util.Set;

/**
 * The arbiter that is installed now, as it presents itself in a dry run.
 *
 * @param jdk the version of the JDK it runs on
 * @param home its installation
 * @param oldestState the formats of {@link Handover} it reads
 * @param oldestWire the versions of the worker protocol it speaks
 */
public record Candidate(
    String version,
    String jdk,
    String home,
    int oldestState,
    int newestState,
    int oldestWire,
    int newestWire) {

  private static final String KIND = "arbiter-upgrade";

  /** This very arbiter. */
  public static Candidate here(String version, String home) {
    return new Candidate(
        version,
        Runtime.version().toString(),
        home,
        Handover.OLDEST,
        Handover.FORMAT,
        Wire.OLDEST,
        Wire.VERSION);
  }

  /** The line that a dry run prints. */
  public String print() {
    return new Line(KIND)
        .put("version", version)
        .put("jdk", jdk)
        .put("home", home)
        .put("state-oldest", oldestState)
        .put("state-newest", newestState)
        .put("wire-oldest", oldestWire)
        .put("wire-newest", newestWire)
        .toString();
  }

  /** Finds that line among whatever else is printed. */
  static Optional<Candidate> find(String output) {
    return output
        .lines()
        .filter(text -> text.startsWith(KIND + " "))
        .map(Line::parse)
        .map(
            line ->
                new Candidate(
                    line.text("version"),
                    line.text("jdk"),
                    line.text("home"),
                    line.small("state-oldest"),
                    line.small("state-newest"),
                    line.small("wire-oldest"),
                    line.small("wire-newest")))
        .findFirst();
  }

  /** Why it cannot take over from an arbiter that writes {@code format}; empty if it can. */
  Optional<String> objection(int format, Set<Integer> wires) {
    if (format < oldestState || format > newestState) {
      return Optional.of(
          "%s reads what an arbiter leaves in the formats %d to %d, and this one writes %d"
              .formatted(this, oldestState, newestState, format));
    }
    return wires.stream()
        .filter(wire -> wire < oldestWire || wire > newestWire)
        .findFirst()
        .map(
            wire ->
                "%s speaks versions %d to %d of the worker protocol, and workers that run speak %d"
                    .formatted(this, oldestWire, newestWire, wire));
  }

  @Override
  public String toString() {
    return "arbiter %s in %s, JDK %s".formatted(version, home, jdk);
  }
}
