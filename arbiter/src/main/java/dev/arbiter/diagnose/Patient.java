package dev.arbiter.diagnose;

import dev.arbiter.wire.Vitals;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A worker as it is known before it is examined.
 *
 * @param classPath of its kind: whose code is not the app's
 * @param spawnedNanos when its process was started, by {@link System#nanoTime}
 * @param vitals its last beat
 * @param vitalsNanos when that came
 */
public record Patient(
    int slot,
    long pid,
    List<Path> classPath,
    long spawnedNanos,
    Optional<Vitals> vitals,
    long vitalsNanos) {

  Optional<Findings.SinceBeat> sinceBeat() {
    return vitals.map(
        last ->
            new Findings.SinceBeat(
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - vitalsNanos), last.gcMillis()));
  }
}
