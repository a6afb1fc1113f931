package dev.arbiter.supervise;

import static dev.arbiter.supervise.WorkerState.BOOTING;
import static dev.arbiter.supervise.WorkerState.DRAINING;
import static dev.arbiter.supervise.WorkerState.EJECTED;
import static dev.arbiter.supervise.WorkerState.GONE;
import static dev.arbiter.supervise.WorkerState.READY;
import static dev.arbiter.supervise.WorkerState.SERVING;
import static dev.arbiter.supervise.WorkerState.SPAWNED;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The life of a worker, as data: state and trigger give the next state and what is done. {@link
 * Fleet} does what this table says and nothing else, and the documents print it. A trigger that is
 * not listed for a state changes nothing.
 */
public final class WorkerTable {

  /** What can happen to a worker. */
  enum Trigger {
    HELLO("says Hello"),
    READY("says Ready"),
    HEALTHY("passes its health check, or has none"),
    UNFIT("fails its health check"),
    CHOSEN("may serve"),
    BEAT("beats"),
    RECYCLE_ME("says RecycleMe"),
    LEAVES("says Draining"),
    FAILED("says Failed"),
    STUCK("has a request that is over its time"),
    HOLD("is to stop accepting, for an operator"),
    RESUME("is to accept again"),
    TOLD("is to leave"),
    DUE("its time is up"),
    EVIDENCE("evidence is in"),
    EXITED("is reaped");

    final String text;

    Trigger(String text) {
      this.text = text;
    }
  }

  /** What is done then. */
  enum Duty {
    CONFIGURE("send Configure"),
    ANNOUNCE("ask for its health, if that is set"),
    FIT("it may serve; a spare waits for a slot"),
    ACCEPT(
        "send Accept; the worker it replaces is to leave, but on probation: then it serves beside it"),
    ACCEPT_AGAIN("send Accept"),
    NOTE_BEAT("restart its clock; report loops that lag"),
    QUEUE("replace it when its turn comes"),
    BOOT_FAILED("log why; first start: give up; reload: keep the old generation; else back off"),
    OVERDUE("the same for a boot that takes too long; collect evidence"),
    EJECT("send Eject, collect evidence, fill its slot"),
    HOLD_BACK("send Eject; it keeps its slot"),
    DISMISS("send Drain and TERM; KILL if the kernel has stopped it"),
    TELL("send Drain; TERM as well if it was not ready or not well"),
    HURRY("send Drain again: its idle connections have less time now"),
    REPLACE("log why; fill its slot"),
    NOTE_LEFT("note what it has left to do"),
    ESCALATE("QUIT for a thread dump, then KILL"),
    CLOSE_CASE("KILL if only this was waited for, or the kernel has stopped it"),
    DIED_BOOTING("as a failed boot; show its last output"),
    DIED("log how; fill its slot, after a wait if it was early"),
    ENDED_ASIDE("log why it left; if an operator held it, log how it died, and fill its slot"),
    BURY("log why it left");

    final String text;

    Duty(String text) {
      this.text = text;
    }
  }

  /** One cell. */
  record Step(WorkerState next, Duty duty) {}

  private static final Map<WorkerState, Map<Trigger, Step>> TABLE =
      new EnumMap<>(WorkerState.class);

  static {
    booting(SPAWNED);
    row(SPAWNED, Trigger.HELLO, BOOTING, Duty.CONFIGURE);
    booting(BOOTING);
    row(BOOTING, Trigger.READY, READY, Duty.ANNOUNCE);
    running(READY);
    row(READY, Trigger.HEALTHY, READY, Duty.FIT);
    row(READY, Trigger.UNFIT, DRAINING, Duty.BOOT_FAILED);
    row(READY, Trigger.CHOSEN, SERVING, Duty.ACCEPT);
    running(SERVING);
    row(SERVING, Trigger.STUCK, EJECTED, Duty.EJECT);
    row(SERVING, Trigger.HOLD, EJECTED, Duty.HOLD_BACK);
    row(EJECTED, Trigger.BEAT, EJECTED, Duty.NOTE_BEAT);
    row(EJECTED, Trigger.RESUME, SERVING, Duty.ACCEPT_AGAIN);
    row(EJECTED, Trigger.STUCK, EJECTED, Duty.EJECT);
    row(EJECTED, Trigger.LEAVES, DRAINING, Duty.REPLACE);
    row(EJECTED, Trigger.FAILED, DRAINING, Duty.REPLACE);
    row(EJECTED, Trigger.EVIDENCE, DRAINING, Duty.DISMISS);
    row(EJECTED, Trigger.DUE, DRAINING, Duty.DISMISS);
    row(EJECTED, Trigger.TOLD, DRAINING, Duty.TELL);
    row(EJECTED, Trigger.EXITED, GONE, Duty.ENDED_ASIDE);
    row(DRAINING, Trigger.TOLD, DRAINING, Duty.HURRY);
    row(DRAINING, Trigger.LEAVES, DRAINING, Duty.NOTE_LEFT);
    row(DRAINING, Trigger.EVIDENCE, DRAINING, Duty.CLOSE_CASE);
    row(DRAINING, Trigger.DUE, DRAINING, Duty.ESCALATE);
    row(DRAINING, Trigger.EXITED, GONE, Duty.BURY);
  }

  private WorkerTable() {}

  private static void booting(WorkerState state) {
    row(state, Trigger.FAILED, DRAINING, Duty.BOOT_FAILED);
    row(state, Trigger.DUE, DRAINING, Duty.OVERDUE);
    row(state, Trigger.TOLD, DRAINING, Duty.TELL);
    row(state, Trigger.EXITED, GONE, Duty.DIED_BOOTING);
  }

  private static void running(WorkerState state) {
    row(state, Trigger.BEAT, state, Duty.NOTE_BEAT);
    row(state, Trigger.RECYCLE_ME, state, Duty.QUEUE);
    row(state, Trigger.LEAVES, DRAINING, Duty.REPLACE);
    row(state, Trigger.FAILED, DRAINING, Duty.REPLACE);
    row(state, Trigger.DUE, EJECTED, Duty.EJECT);
    row(state, Trigger.TOLD, DRAINING, Duty.TELL);
    row(state, Trigger.EXITED, GONE, Duty.DIED);
  }

  private static void row(WorkerState state, Trigger trigger, WorkerState next, Duty duty) {
    TABLE
        .computeIfAbsent(state, key -> new EnumMap<>(Trigger.class))
        .put(trigger, new Step(next, duty));
  }

  static Optional<Step> step(WorkerState state, Trigger trigger) {
    return Optional.ofNullable(TABLE.getOrDefault(state, Map.of()).get(trigger));
  }

  /** The table in Markdown, for the documents. */
  public static String render() {
    StringBuilder text =
        new StringBuilder("| state | when it | becomes | and |\n|---|---|---|---|\n");
    TABLE.forEach(
        (state, steps) ->
            steps.forEach(
                (trigger, step) ->
                    text.append(
                        "| %s | %s | %s | %s |\n"
                            .formatted(
                                state,
                                trigger.text,
                                step.next() == state ? "" : step.next(),
                                step.duty().text))));
    return text.toString();
  }
}
