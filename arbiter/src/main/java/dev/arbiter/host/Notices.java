package dev.arbiter.host;

import dev.arbiter.supervise.FleetState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Decides what a service manager is told, and when: the assignments of sd_notify(3), one text for
 * each datagram. Pure; time is that of {@link System#nanoTime}, which is CLOCK_MONOTONIC on Linux.
 */
final class Notices {
  /** So much more time is asked for at once, while something goes on that has its own limit. */
  static final Duration EXTENSION = Duration.ofSeconds(30);

  private static final long EXTEND_EVERY = EXTENSION.toNanos() / 3;

  private final long watchdog;
  private final long patience;
  private final boolean stopIsLimited;
  private final long begun;
  private boolean ready;
  private boolean changing;
  private boolean stopping;
  private String line = "";
  private long petAt;
  private long extendAt;

  /**
   * @param ready whether the manager was told already: by the arbiter before, in this process
   * @param watchdog the longest silence the manager bears; zero if it does not watch
   * @param patience how long the first workers may take; then it is enough that one serves
   * @param stopIsLimited whether the arbiter itself ends a stop that takes too long
   * @param now the moment this begins
   */
  Notices(boolean ready, Duration watchdog, Duration patience, boolean stopIsLimited, long now) {
    this.ready = ready;
    this.watchdog = watchdog.toNanos();
    this.patience = patience.toNanos();
    this.stopIsLimited = stopIsLimited;
    this.begun = now;
    this.petAt = now;
    this.extendAt = now;
  }

  /** What is to be said now. */
  List<String> look(Standing standing, long now) {
    List<String> said = new ArrayList<>();
    if (standing.state() == FleetState.STOPPING) {
      if (!stopping) {
        stopping = true;
        extendAt = now;
        said.add("STOPPING=1");
      }
    } else if (!ready) {
      ready = isReady(standing, now);
      if (ready) {
        said.add("READY=1");
      }
    } else if (isChange(standing.state()) != changing) {
      changing = !changing;
      extendAt = now;
      said.add(changing ? reloading(now) : "READY=1");
    }
    String next = standing.line();
    if (!next.equals(line)) {
      line = next;
      // In the same datagram as what it explains, so that nobody sees one without the other.
      String status = "STATUS=" + next;
      if (said.isEmpty()) {
        said.add(status);
      } else {
        said.set(0, said.getFirst() + "\n" + status);
      }
    }
    if (mayTakeLong() && now - extendAt >= 0) {
      extendAt = now + EXTEND_EVERY;
      said.add("EXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(EXTENSION.toNanos()));
    }
    if (watchdog > 0 && now - petAt >= 0) {
      petAt = now + watchdog / 3;
      said.add("WATCHDOG=1");
    }
    return said;
  }

  /** What is to be said of a reload that was over at once; who asked for it waits for both. */
  List<String> reloaded(long now) {
    return !ready || changing || stopping ? List.of() : List.of(reloading(now), "READY=1");
  }

  /** The time tells the manager which of its own requests this answers. */
  private static String reloading(long now) {
    return "RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(now);
  }

  /** How long until {@link #look} has something to say even if nothing happens. */
  long restNanos(long now) {
    long rest = Long.MAX_VALUE;
    if (watchdog > 0) {
      rest = Math.min(rest, petAt - now);
    }
    if (mayTakeLong()) {
      rest = Math.min(rest, extendAt - now);
    }
    if (!ready && !stopping && now - begun < patience) {
      rest = Math.min(rest, begun + patience - now);
    }
    return Math.max(0, rest);
  }

  /**
   * Whole; or, where one of the first workers cannot be brought up, as good as it gets: a start
   * that never ends would be worse.
   */
  private boolean isReady(Standing standing, long now) {
    return Readiness.isReady(standing, now - begun >= patience);
  }

  private static boolean isChange(FleetState state) {
    return switch (state) {
      case RELOADING, PROBATION, ROLLING_BACK, UPGRADING -> true;
      case STARTING, STEADY, STOPPING -> false;
    };
  }

  /** Start, change and stop have limits of their own; the manager's are for when those fail. */
  private boolean mayTakeLong() {
    return stopping ? stopIsLimited : !ready || changing;
  }
}
