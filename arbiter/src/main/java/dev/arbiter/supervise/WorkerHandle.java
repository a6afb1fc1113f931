package dev.arbiter.supervise;

import dev.arbiter.wire.Vitals;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter's picture of one worker, from its spawn to its reaping. Plain data: the rules are in
 * {@link Fleet}, {@link Staffing} and {@link Departure}.
 */
final class WorkerHandle {
  /** No time at all. */
  static final long NEVER = Long.MAX_VALUE;

  /** How far it is on its way out. */
  enum Stage {
    /** It is not leaving. */
    STAYS,
    /** Neither is it, but it only stays for an operator to look at: another has its slot. */
    REPLACED,
    /** It takes too long to boot, and is killed when there is evidence. */
    EVIDENCE,
    /** It was told to leave, or leaves by itself. */
    ASKED,
    /** It overstayed, and was sent QUIT for a dump. */
    DUMPING,
    /** It was sent KILL. */
    KILLED
  }

  final int id;
  final Release release;
  final long spawnedAt;
  final LagWatch lag;

  /** Its place; of a spare the number it was booted with, which is no place. */
  int slot;

  /** Ready, or to be, without a slot. */
  boolean spare;

  WorkerState state = WorkerState.SPAWNED;
  long pid;

  /** The version of the protocol it speaks, as it said; 0 before. */
  int wire;

  boolean configured;
  String phase = "";
  boolean wasReady;
  long readyAt;
  boolean settled;

  /** Counts who was told to accept: of two in one slot, the later one stays. */
  long accepted;

  /** It was told to accept, and has not said since that it does no more. */
  boolean accepting;

  /** It was asked for its health and has not answered. */
  boolean probing;

  /** It is ready and healthy: it may serve as soon as it is wanted. */
  boolean fit;

  /** An operator has ejected it: it keeps its slot, until a reload fills that. */
  boolean held;

  /** Beats since it was ejected: a worker that was silent and is no longer. */
  int beatsAside;

  @Nullable Vitals vitals;

  /** When patience with it ends: for its boot, its next beat, its evidence or its leaving. */
  long deadline = NEVER;

  Stage stage = Stage.STAYS;
  String leaving = "";
  long leavingSince;
  String left = "";

  WorkerHandle(int id, int slot, Release release, long spawnedAt) {
    this.id = id;
    this.slot = slot;
    this.release = release;
    this.spawnedAt = spawnedAt;
    this.lag = new LagWatch(release.policy.timeout());
  }

  /** Whether it has this slot or is to have it; a spare has none. */
  boolean isIn(int number) {
    return slot == number && !spare;
  }

  /** On its way to serve. */
  boolean isNewcomer() {
    return !spare && isNew();
  }

  /** Not serving yet, in a slot or not. */
  boolean isNew() {
    return state == WorkerState.SPAWNED
        || state == WorkerState.BOOTING
        || state == WorkerState.READY;
  }

  /** Nobody else is to be booted for its slot. */
  boolean holdsSlot() {
    return isServing() || held && stage != Stage.REPLACED;
  }

  /** Whether an operator holds it, and another serves in its slot. */
  boolean isReplaced() {
    return held && stage == Stage.REPLACED;
  }

  /**
   * It leaves, and a new connection may still reach it: it has not said that its listeners are
   * closed. A thread dump, which QUIT makes, does not stop it from accepting; KILL does.
   */
  boolean mayStillAccept() {
    return accepting && state == WorkerState.DRAINING && stage != Stage.KILLED;
  }

  boolean isServing() {
    return state == WorkerState.SERVING;
  }

  /** Its JVM may be starting, which takes a core: also if it was told to leave meanwhile. */
  boolean occupiesBoot() {
    return !wasReady && state != WorkerState.GONE;
  }

  /** {@code Worker 2 (pid 123)}. */
  String who() {
    String place = spare ? "Spare worker" : "Worker " + slot;
    return pid == 0 ? place : "%s (pid %d)".formatted(place, pid);
  }

  /** How long ago it was started, in words. */
  String age(long now) {
    return Words.time(now - spawnedAt);
  }

  /** How far its boot came, for the end of a sentence; empty if it has not said. */
  String lastStep() {
    return phase.isEmpty() ? "" : " (its last step: " + phase + ")";
  }

  WorkerView view() {
    return new WorkerView(
        id,
        slot,
        spare,
        pid,
        release.generation,
        state,
        spawnedAt,
        phase,
        Optional.ofNullable(vitals));
  }
}
