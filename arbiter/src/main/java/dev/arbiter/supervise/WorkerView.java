package dev.arbiter.supervise;

import dev.arbiter.wire.Vitals;
import java.util.Optional;

/**
 * A worker at one moment, for the loop and for whoever asks for the status.
 *
 * @param spare whether it is ready, or to be, without a slot
 * @param pid 0 until its process was spawned
 * @param spawnedNanos when it was spawned, on the clock given to {@link Fleet#on}
 * @param phase the last step of its boot it reported, empty before
 * @param vitals its last beat
 */
public record WorkerView(
    int worker,
    int slot,
    boolean spare,
    long pid,
    long generation,
    WorkerState state,
    long spawnedNanos,
    String phase,
    Optional<Vitals> vitals) {}
