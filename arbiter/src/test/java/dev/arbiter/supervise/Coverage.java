package dev.arbiter.supervise;

import static java.util.Objects.requireNonNull;

import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.WorkerTable.Trigger;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often each cell of {@link WorkerTable} and {@link FleetTable} was entered, over all runs and
 * threads.
 */
final class Coverage {
  /** Cells that nothing can enter, with the reason beside each. So far there is none. */
  private static final List<String> UNREACHABLE = List.of();

  private final Map<WorkerState, Map<Trigger, LongAdder>> workers =
      table(WorkerState.class, Trigger.class);
  private final Map<FleetState, Map<Request, LongAdder>> fleets =
      table(FleetState.class, Request.class);
  private final Map<Verdict, LongAdder> verdicts = row(Verdict.class);

  /** Filled before anybody counts: threads only read the maps. */
  private static <A extends Enum<A>, B extends Enum<B>> Map<A, Map<B, LongAdder>> table(
      Class<A> rows, Class<B> columns) {
    Map<A, Map<B, LongAdder>> table = new EnumMap<>(rows);
    for (A name : rows.getEnumConstants()) {
      table.put(name, row(columns));
    }
    return table;
  }

  private static <B extends Enum<B>> Map<B, LongAdder> row(Class<B> columns) {
    Map<B, LongAdder> row = new EnumMap<>(columns);
    for (B name : columns.getEnumConstants()) {
      row.put(name, new LongAdder());
    }
    return row;
  }

  void worker(WorkerState state, Trigger trigger) {
    requireNonNull(requireNonNull(workers.get(state)).get(trigger)).increment();
  }

  void fleet(FleetState state, Request request) {
    requireNonNull(requireNonNull(fleets.get(state)).get(request)).increment();
  }

  void answered(Verdict verdict) {
    requireNonNull(verdicts.get(verdict)).increment();
  }

  /** Cells that were never entered, and should have been. */
  List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (WorkerState state : WorkerState.values()) {
      for (Trigger trigger : Trigger.values()) {
        String cell = state + " x " + trigger;
        if (WorkerTable.step(state, trigger).isPresent()
            && count(state, trigger) == 0
            && !UNREACHABLE.contains(cell)) {
          missing.add(cell);
        }
      }
    }
    for (FleetState state : FleetState.values()) {
      for (Request request : Request.values()) {
        if (count(state, request) == 0) {
          missing.add(state + " x " + request);
        }
      }
    }
    for (Verdict verdict : Verdict.values()) {
      if (requireNonNull(verdicts.get(verdict)).sum() == 0) {
        missing.add("a reply " + verdict);
      }
    }
    return missing;
  }

  /** Both tables with their counts. */
  String render() {
    StringBuilder text = new StringBuilder();
    for (WorkerState state : WorkerState.values()) {
      for (Trigger trigger : Trigger.values()) {
        if (WorkerTable.step(state, trigger).isPresent()) {
          text.append("%-10s %-12s %d%n".formatted(state, trigger, count(state, trigger)));
        }
      }
    }
    for (FleetState state : FleetState.values()) {
      for (Request request : Request.values()) {
        text.append("%-12s %-13s %d%n".formatted(state, request, count(state, request)));
      }
    }
    return text.toString();
  }

  private long count(WorkerState state, Trigger trigger) {
    return requireNonNull(requireNonNull(workers.get(state)).get(trigger)).sum();
  }

  private long count(FleetState state, Request request) {
    return requireNonNull(requireNonNull(fleets.get(state)).get(request)).sum();
  }
}
