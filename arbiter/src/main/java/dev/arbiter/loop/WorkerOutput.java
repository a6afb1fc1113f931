package dev.arbiter.loop;

import dev.arbiter.diagnose.Evidence;
import dev.arbiter.observe.ArbiterLog;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one worker prints. Until it is ready its lines are kept back, so that four workers that fail
 * in the same way do not tell it four times; then they go to the log as they come. On the thread
 * that reads the output, and the loop.
 */
final class WorkerOutput {
  private static final int KEPT = 200;
  private static final int RECENT = 100;

  private final String prefix;
  private final ArbiterLog log;
  private final Deque<String> kept = new ArrayDeque<>();
  private final Deque<String> recent = new ArrayDeque<>();
  private boolean live;
  private @Nullable Evidence evidence;

  WorkerOutput(int slot, long pid, ArbiterLog log) {
    this.prefix = "worker %d (pid %d) | ".formatted(slot, pid);
    this.log = log;
  }

  synchronized void line(String line) {
    Evidence collecting = evidence;
    if (collecting != null && collecting.take(line)) {
      return;
    }
    if (recent.size() == RECENT) {
      recent.removeFirst();
    }
    recent.add(line);
    if (live) {
      log.printed("info", prefix + line);
    } else {
      if (kept.size() == KEPT) {
        kept.removeFirst();
      }
      kept.add(line);
    }
  }

  /** From now on lines go to the log. */
  synchronized void ready() {
    live = true;
    kept.forEach(line -> log.printed("info", prefix + line));
    kept.clear();
  }

  /** Lines that are kept back. */
  synchronized List<String> kept() {
    return List.copyOf(kept);
  }

  /** Lines that another arbiter has kept back. */
  synchronized void keep(List<String> lines) {
    kept.addAll(lines);
    recent.addAll(lines.subList(Math.max(0, lines.size() - RECENT), lines.size()));
  }

  /** Lines that were kept back: somebody else shows them. */
  synchronized List<String> take() {
    List<String> taken = List.copyOf(kept);
    kept.clear();
    live = true;
    return taken;
  }

  /** The worker died unexplained: what it last said may explain it. */
  synchronized void show() {
    kept.forEach(line -> log.printed("error", prefix + line));
    kept.clear();
    live = true;
  }

  /** Its last lines, for an incident. */
  synchronized List<String> recent() {
    return List.copyOf(recent);
  }

  /** Lines may be a thread dump from now on; null: no longer. */
  synchronized void collect(@Nullable Evidence collecting) {
    evidence = collecting;
  }
}
