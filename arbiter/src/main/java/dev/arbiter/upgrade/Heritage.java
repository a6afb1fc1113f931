package dev.arbiter.upgrade;

import dev.arbiter.process.WorkerProcess;
import dev.arbiter.release.Release;
import dev.arbiter.supervise.Snapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the loop of one arbiter leaves to the loop of the next.
 *
 * @param releases every generation that has workers or may get some
 * @param crew the workers' processes, by id
 * @param tickets empty if it was left by an arbiter that had none or kept them to itself
 */
public record Heritage(
    Snapshot fleet, List<Release> releases, Map<Integer, Crewman> crew, Optional<Tickets> tickets) {

  /**
   * Secrets of session tickets: a client that got a ticket before comes back with it after.
   *
   * @param secrets in hexadecimal, in the order their owner has for them
   * @param rotatedAt when they last changed, of the monotonic clock
   */
  public record Tickets(List<String> secrets, long rotatedAt) {
    public Tickets {
      secrets = List.copyOf(secrets);
    }

    @Override
    public String toString() {
      return "Tickets[" + secrets.size() + "]"; // whoever logs it by mistake gives nothing away
    }
  }

  /**
   * A worker, beside what the decisions know of it.
   *
   * @param printed what was kept back of its output because it boots
   * @param beatAt when it last beat, of the monotonic clock
   */
  public record Crewman(WorkerProcess.Ends ends, List<String> printed, long beatAt) {}

  /** The release that slots are filled with. */
  public Release good() {
    return releases.stream()
        .filter(release -> release.generation() == fleet.generation())
        .findFirst()
        .orElseThrow();
  }

  /** Where workers of these releases load classes from. */
  public List<Path> classPaths() {
    return releases.stream()
        .flatMap(
            release ->
                Stream.concat(
                    release.app().classPath().stream(), release.hooks().classPath().stream()))
        .toList();
  }
}
