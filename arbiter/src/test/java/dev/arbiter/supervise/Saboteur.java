package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.wire.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the fleet and the simulated world, and makes a good fleet look like a bad one: it
 * changes what the fleet is told, or what it orders. What the rules see is the outcome.
 */
final class Saboteur {

  /** The planted bugs. */
  enum Bug {
    FORGETS_NOBODY("pipes of dead workers are never closed"),
    FORGETS_TWICE("pipes are closed twice"),
    ACCEPTS_BEFORE_READY("a worker accepts as soon as it says hello"),
    IGNORES_HEALTH("a failed health check counts as passed"),
    SPEAKS_FIRST("a worker is told something before Configure"),
    KILLS_WITHOUT_EVIDENCE("a silent worker is killed instead of asked"),
    KILLS_AT_ONCE("who is to leave gets QUIT with the TERM"),
    LOSES_BEATS("beats after a minute are not read"),
    LOSES_A_DEATH("one death in eight is noticed only at the next event"),
    DRAINS_ALL_AT_ONCE("a reload tells everybody to leave when it is resolved"),
    LOSES_ANSWERS("one answer in four never comes"),
    ANSWERS_TWICE("answers come twice"),
    CLOSES_SOCKETS_AT_TERM("the listeners close when the drain delay begins"),
    RETIRES_EARLY("the last release is deleted as soon as there is a newer one"),
    RETIRES_NEVER("releases are never deleted"),
    LOSES_A_RELEASE("what became of a resolution is not noticed"),
    BOOTS_TOO_MANY("the limit of boots at once is ignored"),
    SURGES("three more are replaced at a time than may be"),
    TRUSTS_AT_ONCE("probation is skipped"),
    SLEEPS("ticks are lost"),
    LEAVES_WITHOUT_CLOSING("the arbiter leaves with its sockets open");

    final String text;

    Bug(String text) {
      this.text = text;
    }
  }

  /** Changes nothing. */
  static final Saboteur HONEST = new Saboteur(null);

  private final @Nullable Bug bug;
  private final List<Event> late = new ArrayList<>();
  private int count;
  private boolean closed;

  Saboteur(@Nullable Bug bug) {
    this.bug = bug;
  }

  /** What a fleet with this bug would answer. */
  List<Action> on(Event event, SimOs os) {
    if (bug == null) {
      return os.fleet.on(event, os.now);
    }
    List<Action> actions = new ArrayList<>();
    for (Event lost : late) {
      actions.addAll(os.fleet.on(lost, os.now));
    }
    late.clear();
    Event told = told(event, os);
    if (told != null) {
      actions.addAll(os.fleet.on(told, os.now));
    }
    List<Action> ordered = new ArrayList<>();
    for (Action action : actions) {
      order(action, ordered);
    }
    add(event, ordered, os);
    return ordered;
  }

  /** What the fleet hears of an event, null if nothing. */
  private @Nullable Event told(Event event, SimOs os) {
    switch (bug) {
      case IGNORES_HEALTH -> {
        if (event instanceof Event.Said(int worker, Message.Probed probed)) {
          return new Event.Said(worker, new Message.Probed(probed.id(), 200, 1, ""));
        }
      }
      case LOSES_BEATS -> {
        if (event instanceof Event.Said(int worker, Message.Beat beat)
            && os.now > SimOs.START + 60 * SimOs.SECOND) {
          return null;
        }
      }
      case LOSES_A_DEATH -> {
        if (event instanceof Event.Exited && count++ % 8 == 7) {
          late.add(event);
          return null;
        }
      }
      case LOSES_A_RELEASE -> {
        if (event instanceof Event.ReleaseResolved) {
          return null;
        }
      }
      case SLEEPS -> {
        if (event instanceof Event.Tick) {
          return null;
        }
      }
      case BOOTS_TOO_MANY, SURGES, TRUSTS_AT_ONCE -> {
        if (event instanceof Event.Begin(FleetPolicy policy, long generation)) {
          return new Event.Begin(loose(policy), generation);
        }
        if (event instanceof Event.ReleaseResolved(long generation, FleetPolicy policy)) {
          return new Event.ReleaseResolved(generation, loose(policy));
        }
      }
      case null, default -> {
        // It hears all.
      }
    }
    return event;
  }

  private FleetPolicy loose(FleetPolicy policy) {
    FleetPolicy.Change change = policy.change();
    if (bug == Bug.BOOTS_TOO_MANY) {
      return TestPolicy.like(policy).boots(policy.maxBootsAtOnce() + 1).build();
    }
    return TestPolicy.like(policy)
        .change(
            new FleetPolicy.Change(
                change.maxSurge() + (bug == Bug.SURGES ? 5 : 0),
                change.maxUnavailable(),
                bug == Bug.TRUSTS_AT_ONCE ? Duration.ZERO : change.probation(),
                change.canaries(),
                change.healthPath(),
                change.healthTimeout()))
        .build();
  }

  /** What becomes of an order. */
  private void order(Action action, List<Action> ordered) {
    boolean keep =
        switch (action) {
          case Action.Forget forget -> bug != Bug.FORGETS_NOBODY;
          case Action.Reply reply -> bug != Bug.LOSES_ANSWERS || count++ % 4 != 3;
          case Action.RetireRelease retire -> bug != Bug.RETIRES_NEVER;
          case Action.Configure configure -> bug != Bug.SPEAKS_FIRST;
          case Action.CloseListeners close -> !closed && bug != Bug.LEAVES_WITHOUT_CLOSING;
          case Action.CollectEvidence collect -> bug != Bug.KILLS_WITHOUT_EVIDENCE;
          default -> true;
        };
    if (keep) {
      ordered.add(action);
    }
    switch (action) {
      case Action.Forget forget when bug == Bug.FORGETS_TWICE -> ordered.add(action);
      case Action.Reply reply when bug == Bug.ANSWERS_TWICE -> ordered.add(action);
      case Action.CollectEvidence(int worker, String why) when bug == Bug.KILLS_WITHOUT_EVIDENCE ->
          ordered.add(new Action.Signal(worker, Sig.KILL));
      case Action.Signal(int worker, Sig sig) when bug == Bug.KILLS_AT_ONCE && sig == Sig.TERM ->
          ordered.add(new Action.Signal(worker, Sig.QUIT));
      default -> {
        // As it is.
      }
    }
  }

  /** What it orders that nobody told it to. */
  private void add(Event event, List<Action> ordered, SimOs os) {
    switch (event) {
      case Event.Said(int worker, Message.Hello hello) when bug == Bug.ACCEPTS_BEFORE_READY ->
          ordered.add(new Action.Tell(worker, new Message.Accept()));
      case Event.ReleaseResolved(long generation, FleetPolicy policy)
          when bug == Bug.RETIRES_EARLY ->
          ordered.add(new Action.RetireRelease(generation - 1));
      case Event.ReleaseResolved resolved when bug == Bug.DRAINS_ALL_AT_ONCE ->
          os.fleet.workers().stream()
              .filter(view -> view.state() == WorkerState.SERVING)
              .forEach(
                  view ->
                      ordered.add(
                          new Action.Tell(view.worker(), new Message.Drain("reload", 1, 1))));
      case Event.Asked asked
          when bug == Bug.CLOSES_SOCKETS_AT_TERM
              && os.fleet.state() == FleetState.STOPPING
              && !closed -> {
        if (ordered.stream().noneMatch(Action.CloseListeners.class::isInstance)) {
          ordered.add(new Action.CloseListeners());
        }
        closed = true;
      }
      default -> {
        // Nothing.
      }
    }
  }
}
