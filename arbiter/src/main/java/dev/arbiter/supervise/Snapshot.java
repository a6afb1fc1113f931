package dev.arbiter.supervise;

import dev.arbiter.wire.Vitals;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A fleet at one moment, as one arbiter hands it to the next: what could not be found out anew.
 * Times are those given to {@link Fleet#on}; the monotonic clock is one for all processes of a
 * machine (CLOCK_MONOTONIC), so they mean the same to the successor.
 *
 * @param takenAt when
 * @param generation the one that slots are filled with
 * @param previousGeneration the one before it, to which a rollback leads; 0 if there is none
 * @param lastGeneration the highest number given so far
 * @param wanted slots that each generation in use wants, which TTIN and TTOU have changed
 * @param paused whether the workers were stopped while the arbiter stays
 * @param everReady whether a worker was ready, ever
 * @param lastWorker the highest id given so far
 * @param departures what workers ended of
 * @param deaths the last ones, the oldest first
 * @param everSettled whether a worker ever lasted
 * @param workers all that are not gone
 * @param backoffs of slots that wait, or count
 */
public record Snapshot(
    long takenAt,
    long generation,
    long previousGeneration,
    long lastGeneration,
    Map<Long, Integer> wanted,
    boolean paused,
    boolean everReady,
    int lastWorker,
    Map<String, Integer> departures,
    List<Tally.Death> deaths,
    boolean everSettled,
    List<Worker> workers,
    List<Waiting> backoffs) {

  /** Slots that are to be filled. */
  public int slots() {
    return paused ? 0 : wanted.getOrDefault(generation, 0);
  }

  /**
   * One worker.
   *
   * @param wire the version of the protocol it speaks; 0 until it has said so
   * @param readyAt 0 if it never was
   * @param accepted of two in one slot the one with the higher number stays
   * @param accepting whether it has not said since that it accepts no more
   * @param probing whether it was asked for its health; its answer is still to come
   * @param fit whether it may serve as soon as it is wanted
   * @param held whether an operator has ejected it
   * @param stage how far it is on its way out, by its constant's name
   * @param deadline when patience with it ends; {@link Long#MAX_VALUE} if never
   * @param recycle why it is to be replaced; empty if it is not
   * @param vitals of its last beat
   */
  public record Worker(
      int id,
      int slot,
      boolean spare,
      long generation,
      long pid,
      int wire,
      WorkerState state,
      boolean configured,
      String phase,
      long spawnedAt,
      long readyAt,
      boolean settled,
      long accepted,
      boolean accepting,
      boolean probing,
      boolean fit,
      boolean held,
      String stage,
      String leaving,
      long leavingSince,
      long deadline,
      String recycle,
      Optional<Vitals> vitals) {}

  /** A slot's back-off. */
  public record Waiting(int slot, int failures, long opensAt) {}
}
