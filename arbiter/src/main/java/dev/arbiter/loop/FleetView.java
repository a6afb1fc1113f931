package dev.arbiter.loop;

import dev.arbiter.settings.Config;
import dev.arbiter.supervise.FleetState;
import dev.arbiter.supervise.Tally;
import dev.arbiter.supervise.WorkerView;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The fleet at one moment, taken on the loop's thread and free to go anywhere.
 *
 * @param degraded whether fewer workers serve than should, or too many were lost of late
 * @param generation the one that slots are filled with
 * @param workers all that are not gone, the oldest first
 * @param beats when each of them last beat, by {@link WorkerView#worker} and on the same clock; who
 *     never has is not in it
 * @param departures what workers ended of, since the arbiter began
 * @param deaths the last workers that were lost, the oldest first
 * @param config the settings of that generation; empty before the first and after the last
 * @param wanted slots that generation started with
 * @param listeners what is listened on, as in the log
 * @param nanos when, on the clock of {@link WorkerView#spawnedNanos}
 */
public record FleetView(
    FleetState state,
    boolean degraded,
    long generation,
    List<WorkerView> workers,
    Map<Integer, Long> beats,
    Map<String, Integer> departures,
    List<Tally.Death> deaths,
    Optional<Config> config,
    int wanted,
    List<String> listeners,
    long nanos) {}
