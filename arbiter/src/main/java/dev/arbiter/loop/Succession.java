package dev.arbiter.loop;

import dev.arbiter.release.Release;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.Fleet;
import dev.arbiter.supervise.FleetPolicy;
import dev.arbiter.supervise.FleetState;
import dev.arbiter.supervise.Snapshot;
import dev.arbiter.upgrade.Heritage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The loop's part in the arbiter's replacement: finds the moment for the exec, and takes over what
 * another arbiter has left. Goal: what is read is decided before, what is decided is done, and
 * nobody is half buried or half examined; so nothing is lost, whenever it comes. On the loop's
 * thread.
 */
final class Succession {
  /** A reader that finds the queue full holds up the hand-over until the loop has emptied it. */
  static final long RETRY_MILLIS = 10;

  /** So long something may be under way that must not be cut off, such as a thread dump. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** What it cannot do itself. */
  interface Surroundings {
    /**
     * Tries the arbiter that is installed now. Off the loop.
     *
     * @param wireVersions the versions of the worker protocol that the workers speak
     * @param heritage as it would be now, to see whether it can be read
     */
    Event.DryRunDone dryRun(Set<Integer> wireVersions, Heritage heritage);

    /**
     * Becomes the arbiter that is installed now; on the loop's thread, with nobody reading. Returns
     * only if that fails: the reason.
     *
     * @param wanted asked at the last moment; if it says no, the reason does not matter
     */
    String become(Heritage heritage, BooleanSupplier wanted);
  }

  private final Fleet fleet;
  private final Processes processes;
  private final Inquiries inquiries;
  private final Elsewhere elsewhere;
  private final Map<Long, Release> releases;
  private final Surroundings surroundings;
  private final FleetHooks hooks;
  private final TicketSecrets tickets;
  private final UpgradeOutcome outcome = new UpgradeOutcome();
  private boolean underWay;
  private long since;

  Succession(
      Fleet fleet,
      Processes processes,
      Inquiries inquiries,
      Elsewhere elsewhere,
      Map<Long, Release> releases,
      Surroundings surroundings,
      FleetHooks hooks,
      TicketSecrets tickets) {
    this.fleet = fleet;
    this.processes = processes;
    this.inquiries = inquiries;
    this.elsewhere = elsewhere;
    this.releases = releases;
    this.surroundings = surroundings;
    this.hooks = hooks;
    this.tickets = tickets;
  }

  /** What becomes of the upgrade that this arbiter began with. */
  UpgradeOutcome outcome() {
    return outcome;
  }

  /**
   * Tries the arbiter that is installed now, with what would be left to it as it is now; where
   * somebody reads all the time, without the state of the pipes.
   *
   * @param done told what came of it; on another thread
   */
  void tryOut(Set<Integer> wireVersions, Consumer<Event> done) {
    boolean held = false;
    Heritage heritage;
    try {
      held = processes.hold(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      heritage = heritage(held);
      if (held) {
        processes.release();
      }
    }
    elsewhere.execute(() -> done.accept(surroundings.dryRun(wireVersions, heritage)));
  }

  /** The arbiter is to become another, at the next moment that is good for it. */
  void begin() {
    underWay = true;
    since = System.nanoTime();
    hooks.execing();
  }

  /** Whether {@link #attempt} is to be called, soon and again. */
  boolean isUnderWay() {
    return underWay;
  }

  /**
   * Becomes the arbiter that is installed now, if this is the moment: nobody reads, what was read
   * is decided and done, and no end of a worker is half told.
   *
   * @param catchUp decides and does all that has come
   * @param quiet whether nothing has come since: a TERM, perhaps
   * @return that it cannot be done; empty if it is to be tried again, or was given up
   */
  Optional<Event> attempt(Runnable catchUp, BooleanSupplier quiet) throws InterruptedException {
    if (fleet.state() != FleetState.UPGRADING) {
      underWay = false;
      return Optional.empty();
    }
    String obstacle = obstacle();
    if (obstacle.isEmpty() && processes.hold(RETRY_MILLIS)) {
      try {
        catchUp.run();
        if (fleet.state() != FleetState.UPGRADING || !obstacle().isEmpty()) {
          return Optional.empty();
        }
        if (!hooks.runner().isIdle()) {
          hooks.runner().giveUp("preExec");
        }
        String why = surroundings.become(heritage(true), quiet);
        return quiet.getAsBoolean() ? failed(why) : Optional.empty(); // else that comes first
      } finally {
        processes.release();
      }
    }
    return System.nanoTime() - since < PATIENCE_NANOS + hooks.runner().patienceNanos()
        ? Optional.empty()
        : failed(
            "there was no good moment for it in %d s: %s"
                .formatted(
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - since),
                    obstacle.isEmpty() ? "workers say more than is taken" : obstacle));
  }

  /** What is under way that would be lost; empty if nothing is. */
  private String obstacle() {
    if (processes.isBurying()) {
      return "a worker's end is not told yet";
    }
    if (!elsewhere.isIdle()) {
      return "something that takes time still runs";
    }
    // Last, as hooks cannot prevent anything: what runs has its time, and no more.
    HookRunner runner = hooks.runner();
    return !runner.isIdle() && System.nanoTime() - since < runner.patienceNanos()
        ? "a hook runs"
        : "";
  }

  private Optional<Event> failed(String why) {
    underWay = false;
    return Optional.of(new Event.ExecFailed(why));
  }

  private Heritage heritage(boolean held) {
    return new Heritage(
        fleet.snapshot(System.nanoTime()),
        List.copyOf(releases.values()),
        held ? processes.handOver(inquiries::beatAt) : Map.of(),
        Optional.of(tickets.leave()));
  }

  /**
   * Takes over the workers of another arbiter; the releases are known.
   *
   * @param ticket under which {@link #outcome} is told what becomes of it
   * @return the first event
   * @throws IOException a worker cannot be taken over
   */
  Event adopt(Heritage heritage, long ticket) throws IOException {
    outcome.expect();
    heritage.tickets().ifPresent(tickets::adopt);
    for (Snapshot.Worker worker : heritage.fleet().workers()) {
      Heritage.Crewman crewman = heritage.crew().get(worker.id());
      if (crewman != null) {
        @Nullable Release release = releases.get(worker.generation());
        processes.adopt(worker, crewman, release);
        if (release != null) {
          inquiries.adopted(worker, release.kind().classPath(), crewman.beatAt());
        }
      }
    }
    Map<Long, FleetPolicy> policies = new TreeMap<>();
    releases.forEach((generation, release) -> policies.put(generation, release.policy()));
    return new Event.Resume(heritage.fleet(), policies, ticket);
  }
}
