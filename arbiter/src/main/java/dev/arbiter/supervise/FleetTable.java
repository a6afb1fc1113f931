package dev.arbiter.supervise;

import dev.arbiter.supervise.Event.Request;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;

/**
 * What the fleet does with each request in each of its states, as data: one change at a time.
 * {@link Fleet} does what this table says, and the documents print it.
 */
public final class FleetTable {

  /** What is done. */
  enum Reaction {
    RELOAD("a new generation is resolved, tried, and takes over slot by slot"),
    RELOAD_AFTER("one reload, however often it is asked for, as soon as a first worker was ready"),
    SUPERSEDE(
        "one more generation, however often it is asked for; the one before is given up where it"
            + " has not been ready, and is taken over where it has"),
    STOP("all workers are told to leave; the arbiter leaves after the last"),
    HASTEN("the second one kills the workers at once"),
    ADD("one slot more, if there is memory for it"),
    REMOVE("the highest slot's worker is told to leave; never below one"),
    PAUSE("all workers are told to leave, a reload is given up; a reload or TTIN brings them back"),
    REOPEN("arbiter and workers open their log files again"),
    BACK("the generation on trial is given up; else the release before takes over again"),
    SCALE_TO("so many slots, if there is memory for them"),
    RECYCLE("the worker is replaced when its turn comes"),
    HOLD("the worker accepts nothing more and stays; asked again, it accepts again"),
    DUMP("evidence about the worker is collected, and it goes on"),
    KILL("the workers are killed, the arbiter leaves"),
    UPGRADE(
        "the arbiter that is installed now is tried; if it is well it takes this one's place, and a"
            + " reload follows"),
    LATER("refused: another change is under way"),
    NOTHING("nothing: it is stopping already");

    final String text;

    Reaction(String text) {
      this.text = text;
    }
  }

  private static final Map<FleetState, Map<Request, Reaction>> TABLE =
      new EnumMap<>(FleetState.class);

  static {
    for (FleetState state : FleetState.values()) {
      row(state, Request.RELOAD, Reaction.SUPERSEDE);
      row(state, Request.STOP, Reaction.STOP);
      row(state, Request.INTERRUPT, Reaction.STOP);
      row(state, Request.MORE, Reaction.ADD);
      row(state, Request.FEWER, Reaction.REMOVE);
      row(state, Request.STOP_WORKERS, Reaction.PAUSE);
      row(state, Request.REOPEN, Reaction.REOPEN);
      row(state, Request.UPGRADE, Reaction.LATER);
      row(state, Request.ROLLBACK, Reaction.BACK);
      row(state, Request.SCALE, Reaction.SCALE_TO);
      row(state, Request.RECYCLE, Reaction.RECYCLE);
      row(state, Request.EJECT, Reaction.HOLD);
      row(state, Request.DUMP, Reaction.DUMP);
      row(state, Request.STOP_NOW, Reaction.KILL);
    }
    row(FleetState.STARTING, Request.RELOAD, Reaction.RELOAD_AFTER);
    row(FleetState.STEADY, Request.RELOAD, Reaction.RELOAD);
    row(FleetState.STEADY, Request.UPGRADE, Reaction.UPGRADE);
    row(FleetState.ROLLING_BACK, Request.RELOAD, Reaction.RELOAD);
    for (Request request : Request.values()) {
      if (!EnumSet.of(Request.STOP, Request.INTERRUPT, Request.STOP_NOW, Request.REOPEN)
          .contains(request)) {
        row(FleetState.UPGRADING, request, Reaction.LATER);
        row(FleetState.STOPPING, request, Reaction.NOTHING);
      }
    }
    row(FleetState.STOPPING, Request.STOP, Reaction.NOTHING);
    row(FleetState.STOPPING, Request.INTERRUPT, Reaction.HASTEN);
  }

  private FleetTable() {}

  private static void row(FleetState state, Request request, Reaction reaction) {
    TABLE.computeIfAbsent(state, key -> new EnumMap<>(Request.class)).put(request, reaction);
  }

  static Reaction reaction(FleetState state, Request request) {
    return TABLE.getOrDefault(state, Map.of()).getOrDefault(request, Reaction.NOTHING);
  }

  static String name(Request request) {
    return request.isSignal() ? request.signal() : "`arbiterctl " + request.command() + "`";
  }

  /** The table in Markdown, for the documents. */
  public static String render() {
    StringBuilder text = new StringBuilder("| state | asked by | does |\n|---|---|---|\n");
    TABLE.forEach(
        (state, reactions) ->
            reactions.forEach(
                (request, reaction) ->
                    text.append(
                        "| %s | %s | %s |\n".formatted(state, name(request), reaction.text))));
    return text.toString();
  }
}
