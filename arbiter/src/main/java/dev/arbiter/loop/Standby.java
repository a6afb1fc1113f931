package dev.arbiter.loop;

import dev.arbiter.process.Os;
import dev.arbiter.process.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * In development, one JVM that was started before it is needed. It has come as far as waiting for
 * its settings, which tell it the app's class path, and is nobody until a worker is spawned that is
 * to be started in exactly the same way. What it says and prints meanwhile stays in its pipes. On
 * the loop's thread.
 */
final class Standby {
  private static final int SIGKILL = 9;

  private record Waiting(
      WorkerProcess.Ends ends, Os.Child child, List<Integer> listeners, Path directory) {}

  private final Os os;
  private final WorkerProcess.Ear ear;
  private final WorkerProcess.Gate gate;
  private final Set<Long> leaving = new TreeSet<>();
  private @Nullable Waiting waiting;

  Standby(Os os, WorkerProcess.Ear ear, WorkerProcess.Gate gate) {
    this.os = os;
    this.ear = ear;
    this.gate = gate;
  }

  /** Starts one, unless one waits. */
  void prepare(Os.Child child, List<Integer> listeners, Path directory) throws IOException {
    if (waiting == null) {
      os.changeDirectory(directory);
      // Its ear hears nothing: nobody listens before it is taken.
      WorkerProcess process = WorkerProcess.start(os, 0, child, listeners, ear, gate);
      waiting = new Waiting(process.ends(), child, listeners, directory);
    }
  }

  /**
   * Makes the one that waits this worker, if it was started in the same way and still lives.
   *
   * @param worker whose it is from now on
   */
  Optional<WorkerProcess> take(int worker, Os.Child child, List<Integer> listeners, Path directory)
      throws IOException {
    Waiting ready = waiting;
    if (ready == null) {
      return Optional.empty();
    }
    boolean fits =
        ready.child().equals(child)
            && ready.listeners().equals(listeners)
            && ready.directory().equals(directory);
    if (!fits || isGone(ready)) {
      dismiss();
      return Optional.empty();
    }
    waiting = null;
    return Optional.of(WorkerProcess.adopt(os, worker, ready.ends(), ear, gate));
  }

  private boolean isGone(Waiting ready) {
    if (os.reap(ready.ends().pid()).isEmpty()) {
      return false;
    }
    waiting = null;
    closePipes(ready);
    return true;
  }

  /** Ends the one that waits, which holds no request and has no app. */
  void dismiss() {
    Waiting ready = waiting;
    if (ready != null) {
      waiting = null;
      os.signal(ready.ends().pid(), SIGKILL);
      leaving.add(ready.ends().pid());
      closePipes(ready);
    }
  }

  private void closePipes(Waiting ready) {
    os.close(ready.ends().toWorker());
    os.close(ready.ends().fromWorker());
    os.close(ready.ends().output());
  }

  /** Reaps those that have ended; whether none is left of those that were dismissed. */
  boolean reap() {
    Waiting ready = waiting;
    // With the next beat another is started in its place.
    boolean _ = ready != null && isGone(ready);
    leaving.removeIf(pid -> os.reap(pid).isPresent());
    return leaving.isEmpty();
  }

  /** Whether a process is one of these. */
  boolean owns(long pid) {
    Waiting ready = waiting;
    return leaving.contains(pid) || ready != null && ready.ends().pid() == pid;
  }
}
