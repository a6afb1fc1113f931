package dev.arbiter;

import dev.arbiter.process.Exec;
import dev.arbiter.process.Kernel;
import dev.arbiter.process.Os;
import dev.arbiter.supervise.Event;
import dev.arbiter.upgrade.Candidate;
import dev.arbiter.upgrade.DryRun;
import dev.arbiter.upgrade.Handover;
import dev.arbiter.upgrade.Launch;
import java.io.IOException;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The arbiter that is installed now: tries it, and becomes it. */
final class Successor {
  private final Os os;
  private final Launch launch;

  /**
   * @param launch how this arbiter was started, to start the next in the same way
   */
  Successor(Os os, Launch launch) {
    this.os = os;
    this.launch = launch;
  }

  /** Off the loop: it takes as long as a start. */
  Event.DryRunDone dryRun(Set<Integer> wireVersions, Handover handover) {
    try {
      return switch (new DryRun(os, launch).run(wireVersions, handover)) {
        case DryRun.Result.Fine(Candidate candidate) ->
            new Event.DryRunDone(true, candidate.toString());
        case DryRun.Result.Failed(String why) -> new Event.DryRunDone(false, why);
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Event.DryRunDone(false, "the dry run was interrupted");
    } catch (RuntimeException e) {
      return new Event.DryRunDone(false, "internal error: " + e);
    }
  }

  /** Returns only if it does not work: the reason. */
  String become(Handover handover, BooleanSupplier wanted) {
    int state = -1;
    try {
      state = handover.file();
      Set<Integer> keep = handover.descriptors();
      keep.add(state);
      Exec.become(launch.command(), launch.environment(state), launch.directory(), keep, wanted);
      return "nothing happened";
    } catch (IOException | RuntimeException e) {
      if (state >= 0) {
        Kernel.close(state);
      }
      return "it cannot be executed: " + e.getMessage();
    }
  }
}
