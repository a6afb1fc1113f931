package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Saboteur.Bug;
import dev.arbiter.supervise.SimOs.Without;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs the real decisions against simulated schedules and checks the promises after every step.
 * {@code -Darbiter.simulation.seeds=N} runs more, {@code -Darbiter.simulation.seed=S} replays one
 * and prints what happened, {@code -Darbiter.simulation.first=F} begins at another.
 */
final class SimulationTest {
  private static final long SEEDS = Long.getLong("arbiter.simulation.seeds", 5_000);
  private static final long FIRST = Long.getLong("arbiter.simulation.first", 1);

  /** Below this a cell may be missed by chance. */
  private static final long ENOUGH = 4_000;

  private static final int BUG_SEEDS = 50_000;

  /** An arbiter that ends before so many events is started again, as its host would. */
  private static final long LEAST_EVENTS = 300;

  /** From the seed of one life to that of the next: none of them is a seed of its own. */
  private static final long NEXT_LIFE = 1L << 40;

  @Test
  void the_promises_hold_in_every_schedule() throws Exception {
    Long replay = Long.getLong("arbiter.simulation.seed");
    if (replay != null) {
      replay(replay);
      return;
    }
    Coverage coverage = new Coverage();
    AtomicLong next = new AtomicLong(FIRST);
    AtomicLong steps = new AtomicLong();
    AtomicLong shortest = new AtomicLong(Long.MAX_VALUE);
    AtomicLong failed = new AtomicLong(Long.MAX_VALUE);
    long begin = System.nanoTime();
    Map<Integer, Integer> exits = new TreeMap<>();
    int threads = Runtime.getRuntime().availableProcessors();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        runs.add(
            pool.submit(
                () -> {
                  long seed = next.getAndIncrement();
                  while (seed < FIRST + SEEDS && failed.get() == Long.MAX_VALUE) {
                    long events = 0;
                    for (long life = seed; events < LEAST_EVENTS; life += NEXT_LIFE) {
                      SimOs os = new SimOs(life, coverage);
                      if (failure(os) != null) {
                        failed.accumulateAndGet(life, Math::min);
                        break;
                      }
                      events += os.steps;
                      synchronized (exits) {
                        exits.merge(os.exitCode, 1, Integer::sum);
                      }
                    }
                    steps.addAndGet(events);
                    shortest.accumulateAndGet(events, Math::min);
                    seed = next.getAndIncrement();
                  }
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (failed.get() != Long.MAX_VALUE) {
      replay(failed.get());
    }
    System.out.printf(
        "%d seeds, %d steps (the shortest schedule: %d) in %.1f s, %.0f a second; exit codes %s%n%s",
        SEEDS,
        steps.get(),
        shortest.get(),
        seconds,
        steps.get() / seconds,
        exits,
        coverage.render());
    assertThat(shortest.get())
        .as("events in the shortest schedule")
        .isGreaterThanOrEqualTo(LEAST_EVENTS);
    if (SEEDS >= ENOUGH) {
      assertThat(coverage.missing()).as("cells that no schedule has entered").isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_planted_bug_is_found(Bug bug) {
    Coverage coverage = new Coverage();
    for (long seed = 1; seed <= BUG_SEEDS; seed++) {
      SimOs os = new SimOs(seed, coverage, new Saboteur(bug), Without.NOTHING, false);
      Throwable found = failure(os);
      if (found != null) {
        System.out.printf("%s (%s): seed %d: %s%n", bug, bug.text, seed, found.getMessage());
        return;
      }
    }
    throw new AssertionError("%s: not found in %d seeds".formatted(bug, BUG_SEEDS));
  }

  private static @Nullable Throwable failure(SimOs os) {
    try {
      SimPlan.play(os);
      return null;
    } catch (AssertionError | RuntimeException e) {
      return e;
    }
  }

  /** Runs a seed again with its history, then without whatever it fails without as well. */
  private static void replay(long seed) {
    SimOs whole = run(seed, Without.NOTHING);
    Throwable failure = failure(whole);
    System.out.println(whole.policy);
    if (failure == null) {
      whole.history.forEach(System.out::println);
      System.out.printf("Seed %d (%s) holds%n", seed, whole.mode);
      return;
    }
    Without without = shrink(seed, whole, String.valueOf(failure.getMessage()));
    SimOs least = run(seed, without);
    Throwable still = failure(least);
    least.history.forEach(System.out::println);
    throw new AssertionError(
        "Seed %d (%s) at %d ms: %s; above, without %d of %d planned events and %d of %d faults:"
                .formatted(
                    seed,
                    whole.mode,
                    (whole.now - SimOs.START) / 1_000_000,
                    failure.getMessage(),
                    without.plans().size(),
                    whole.plans,
                    without.faults().size(),
                    whole.strikes)
            + " %s; replay it with -Darbiter.simulation.seed=%d".formatted(still, seed),
        failure);
  }

  private static SimOs run(long seed, Without without) {
    return new SimOs(seed, new Coverage(), Saboteur.HONEST, without, true);
  }

  /** Leaves out one thing after the other, from the last, as long as it fails in the same way. */
  private static Without shrink(long seed, SimOs whole, String message) {
    String kind = kind(message);
    Set<Integer> plans = new HashSet<>();
    Set<Integer> faults = new HashSet<>();
    for (int plan = whole.plans - 1; plan >= 0; plan--) {
      plans.add(plan);
      if (!fails(seed, plans, faults, kind)) {
        plans.remove(plan);
      }
    }
    for (int fault = whole.strikes - 1; fault >= 0; fault--) {
      faults.add(fault);
      if (!fails(seed, plans, faults, kind)) {
        faults.remove(fault);
      }
    }
    return new Without(Set.copyOf(plans), Set.copyOf(faults));
  }

  private static boolean fails(long seed, Set<Integer> plans, Set<Integer> faults, String kind) {
    SimOs os = new SimOs(seed, new Coverage(), Saboteur.HONEST, new Without(plans, faults), false);
    Throwable failure = failure(os);
    return failure != null && kind(String.valueOf(failure.getMessage())).equals(kind);
  }

  /** The message without its figures. */
  private static String kind(String message) {
    return message.replaceAll("[0-9]+", "");
  }
}
