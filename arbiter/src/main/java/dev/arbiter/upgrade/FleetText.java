package dev.arbiter.upgrade;

import dev.arbiter.process.WorkerProcess;
import dev.arbiter.supervise.Snapshot;
import dev.arbiter.supervise.Tally;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.upgrade.StateText.Line;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Vitals;
import dev.arbiter.wire.Wire;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The fleet of a {@link Heritage} as text, and its workers' pipes. */
final class FleetText {
  private FleetText() {}

  /** All lines about it. */
  static List<Line> encode(Heritage heritage) {
    Snapshot from = heritage.fleet();
    List<Line> lines = new ArrayList<>();
    lines.add(
        new Line("fleet")
            .put("taken-at", from.takenAt())
            .put("generation", from.generation())
            .put("previous-generation", from.previousGeneration())
            .put("last-generation", from.lastGeneration())
            .put("paused", from.paused())
            .put("ever-ready", from.everReady())
            .put("ever-settled", from.everSettled())
            .put("last-worker", from.lastWorker()));
    from.wanted()
        .forEach(
            (generation, slots) ->
                lines.add(new Line("wanted").put("generation", generation).put("slots", slots)));
    from.departures()
        .forEach(
            (cause, count) ->
                lines.add(new Line("departures").put("cause", cause).put("count", count)));
    for (Tally.Death death : from.deaths()) {
      lines.add(
          new Line("death")
              .put("nanos", death.nanos())
              .put("slot", death.slot())
              .put("pid", death.pid())
              .put("cause", death.cause().name())
              .put("text", death.text()));
    }
    for (Snapshot.Waiting waiting : from.backoffs()) {
      lines.add(
          new Line("backoff")
              .put("slot", waiting.slot())
              .put("failures", waiting.failures())
              .put("opens-at", waiting.opensAt()));
    }
    from.workers().forEach(worker -> lines.add(encode(worker, heritage)));
    return lines;
  }

  private static Line encode(Snapshot.Worker worker, Heritage heritage) {
    Line line =
        new Line("worker")
            .put("id", worker.id())
            .put("slot", worker.slot())
            .put("spare", worker.spare())
            .put("generation", worker.generation())
            .put("pid", worker.pid())
            .put("wire", worker.wire())
            .put("state", worker.state().name())
            .put("configured", worker.configured())
            .put("phase", worker.phase())
            .put("spawned-at", worker.spawnedAt())
            .put("ready-at", worker.readyAt())
            .put("settled", worker.settled())
            .put("accepted", worker.accepted())
            .put("accepting", worker.accepting())
            .put("probing", worker.probing())
            .put("fit", worker.fit())
            .put("held", worker.held())
            .put("stage", worker.stage())
            .put("leaving", worker.leaving())
            .put("leaving-since", worker.leavingSince())
            .put("deadline", worker.deadline())
            .put("recycle", worker.recycle());
    worker
        .vitals()
        .ifPresent(
            vitals ->
                line.put("beat", HexFormat.of().formatHex(Wire.encode(new Message.Beat(vitals)))));
    Heritage.Crewman crewman = heritage.crew().get(worker.id());
    if (crewman != null) {
      WorkerProcess.Ends ends = crewman.ends();
      line.put("to", ends.toWorker())
          .put("from", ends.fromWorker())
          .put("output", ends.output())
          .put("message", ends.message())
          .put("line", ends.line())
          .put("printed", crewman.printed())
          .put("beat-at", crewman.beatAt());
    }
    return line;
  }

  static Snapshot fleet(List<Line> lines) {
    Line fleet = Line.only("fleet", lines);
    Map<Long, Integer> wanted = new TreeMap<>();
    Line.all("wanted", lines)
        .forEach(line -> wanted.put(line.number("generation"), line.small("slots")));
    Map<String, Integer> departures = new TreeMap<>();
    Line.all("departures", lines)
        .forEach(line -> departures.put(line.text("cause"), line.small("count")));
    return new Snapshot(
        fleet.number("taken-at"),
        fleet.number("generation"),
        fleet.number("previous-generation"),
        fleet.number("last-generation"),
        wanted,
        fleet.flag("paused"),
        fleet.flag("ever-ready"),
        fleet.small("last-worker"),
        departures,
        Line.all("death", lines).stream().flatMap(line -> death(line).stream()).toList(),
        fleet.flag("ever-settled"),
        Line.all("worker", lines).stream().map(FleetText::worker).toList(),
        Line.all("backoff", lines).stream()
            .map(
                line ->
                    new Snapshot.Waiting(
                        line.small("slot"), line.small("failures"), line.number("opens-at")))
            .toList());
  }

  /** Without those of a cause that only the arbiter before knows. */
  private static Optional<Tally.Death> death(Line line) {
    return Line.constant(Tally.Cause.class, line.text("cause"))
        .map(
            cause ->
                new Tally.Death(
                    line.number("nanos"),
                    line.small("slot"),
                    line.number("pid"),
                    cause,
                    line.text("text")));
  }

  private static Snapshot.Worker worker(Line line) {
    return new Snapshot.Worker(
        line.small("id"),
        line.small("slot"),
        line.flag("spare"),
        line.number("generation"),
        line.number("pid"),
        line.small("wire"),
        WorkerState.valueOf(line.text("state")),
        line.flag("configured"),
        line.text("phase"),
        line.number("spawned-at"),
        line.number("ready-at"),
        line.flag("settled"),
        line.number("accepted"),
        line.flag("accepting"),
        line.flag("probing"),
        line.flag("fit"),
        line.flag("held"),
        line.text("stage"),
        line.text("leaving"),
        line.number("leaving-since"),
        line.number("deadline"),
        line.text("recycle"),
        vitals(line.text("beat")));
  }

  private static Optional<Vitals> vitals(String beat) {
    byte[] frame = HexFormat.of().parseHex(beat);
    try {
      return Wire.Decoder.fromWorker().take(frame, frame.length).stream()
          .flatMap(
              message ->
                  message instanceof Message.Beat(Vitals vitals)
                      ? Stream.of(vitals)
                      : Stream.empty())
          .findFirst();
    } catch (Wire.ProtocolException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static Map<Integer, Heritage.Crewman> crew(List<Line> lines) {
    Map<Integer, Heritage.Crewman> crew = new TreeMap<>();
    for (Line line : Line.all("worker", lines)) {
      crew.put(
          line.small("id"),
          new Heritage.Crewman(
              new WorkerProcess.Ends(
                  line.number("pid"),
                  line.small("to"),
                  line.small("from"),
                  line.small("output"),
                  line.text("message"),
                  line.text("line")),
              line.list("printed"),
              line.number("beat-at")));
    }
    return crew;
  }
}
