package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Vitals;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A fleet under a clock that a test moves. Spawning works at once, and who is to leave says at once
 * that it accepts no more; all else a test says itself. Workers beat while time passes, but those
 * in {@link #silent}.
 */
final class Rig {
  static final int WIRE = 1;
  static final long SECOND = 1_000_000_000;

  final Fleet fleet = new Fleet(WIRE);
  final List<Action> actions = new ArrayList<>();
  final Set<Integer> silent = new HashSet<>();
  FleetPolicy policy;
  boolean spawning = true;
  boolean closing = true;
  long now = 5_000 * SECOND;

  Rig(FleetPolicy policy) {
    this.policy = policy;
  }

  /** Defaults, with as many boots at once as workers. */
  static FleetPolicy policy(int workers) {
    return TestPolicy.of(workers).build();
  }

  /** A fleet that has begun. */
  static Rig begun(int workers) {
    return begun(policy(workers));
  }

  static Rig begun(FleetPolicy policy) {
    Rig rig = new Rig(policy);
    rig.on(new Event.Begin(policy, 1));
    return rig;
  }

  /** A fleet that serves, for long enough that its workers count as settled. */
  static Rig steady(int workers) {
    return steady(policy(workers));
  }

  static Rig steady(FleetPolicy policy) {
    Rig rig = begun(policy);
    rig.readyAll();
    rig.pass(6);
    assertThat(rig.fleet.state()).isEqualTo(FleetState.STEADY);
    rig.actions.clear();
    return rig;
  }

  List<Action> on(Event event) {
    List<Action> answer = fleet.on(event, now);
    actions.addAll(answer);
    List<Action> all = new ArrayList<>(answer);
    for (Action action : answer) {
      if (spawning && action instanceof Action.Spawn spawn) {
        all.addAll(on(new Event.Spawned(spawn.worker(), pid(spawn.worker()))));
      }
      if (closing
          && action instanceof Action.Tell(int worker, Message.Drain drain)
          && stateOf(worker) == WorkerState.DRAINING) {
        all.addAll(said(worker, new Message.Draining(0, 0)));
      }
    }
    return all;
  }

  static long pid(int worker) {
    return 1_000L + worker;
  }

  List<Action> ask(Request request) {
    return on(Event.Asked.bySignal(request));
  }

  List<Action> said(int worker, Message.FromWorker message) {
    return on(new Event.Said(worker, message));
  }

  void hello(int worker) {
    said(worker, new Message.Hello(WIRE, pid(worker), "netty"));
  }

  void ready(int worker) {
    hello(worker);
    said(worker, new Message.Ready("app:App"));
  }

  /** Makes everybody ready who boots, also those that this brings about. */
  void readyAll() {
    while (!in(WorkerState.SPAWNED).isEmpty()) {
      in(WorkerState.SPAWNED).forEach(this::ready);
    }
  }

  List<Action> exit(int worker) {
    return on(new Event.Exited(worker, new ExitStatus.Code(0)));
  }

  List<Action> killed(int worker, int signal) {
    return on(new Event.Exited(worker, new ExitStatus.Killed(signal)));
  }

  /** Everybody who was told to leave does. */
  void exitDraining() {
    in(WorkerState.DRAINING).forEach(this::exit);
  }

  List<Action> evidence(int worker, Outcome outcome) {
    return on(new Event.EvidenceDone(worker, outcome, "dump.txt"));
  }

  void beat(int worker) {
    said(worker, beat(List.of(10L, 20L), 10));
  }

  static Message.Beat beat(List<Long> loopLag, long executorLag) {
    return beat(loopLag, executorLag, 0, 0, 0, 0, 0);
  }

  private static Message.Beat beat(
      List<Long> loopLag, long executorLag, long ok, long errors, long rss, int busy, int overdue) {
    return new Message.Beat(
        new Vitals(
            1,
            loopLag,
            executorLag,
            ok + errors,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            rss,
            0,
            0,
            List.of(0L, ok, 0L, 0L, errors),
            List.of(ok + errors),
            0,
            0,
            0,
            0,
            busy,
            overdue,
            overdue * 1_500L));
  }

  /** A worker has answered so many requests since it started, and failed so many. */
  void served(int worker, long ok, long errors) {
    said(worker, beat(List.of(10L), 10, ok, errors, 0, 0, 0));
  }

  /** A worker has so much memory. */
  void weighs(int worker, long rss) {
    said(worker, beat(List.of(10L), 10, 0, 0, rss, 0, 0));
  }

  /** So many of a worker's requests are over their time. */
  void stuck(int worker, int overdue) {
    said(worker, beat(List.of(10L), 10, 0, 0, 0, 0, overdue));
  }

  /** A worker is busy. */
  void busy(int worker, int percent) {
    said(worker, beat(List.of(10L), 10, 0, 0, 0, percent, 0));
  }

  /** Asks as an operator does, who waits for the answer to this ticket. */
  List<Action> ask(Request request, int number, long ticket) {
    return on(new Event.Asked(request, number, ticket));
  }

  /** The answers to a ticket. */
  List<String> answers(long ticket) {
    return taken(Action.Reply.class)
        .filter(reply -> reply.ticket() == ticket)
        .map(reply -> reply.verdict() + " " + reply.text())
        .toList();
  }

  /** Time passes, in seconds with a beat each; the fleet is ticked when it asked for it. */
  void pass(double seconds) {
    long end = now + (long) (seconds * SECOND);
    long beat = now + SECOND;
    while (now < end) {
      now = Math.min(Math.min(end, beat), Math.max(now + 1, fleet.nextDeadline()));
      if (now == beat) {
        beat += SECOND;
        in(WorkerState.SERVING).stream().filter(id -> !silent.contains(id)).forEach(this::beat);
      }
      if (fleet.nextDeadline() <= now) {
        on(new Event.Tick());
      }
    }
  }

  /** Time passes and nobody, the arbiter neither, gets to run. */
  void jump(double seconds) {
    now += (long) (seconds * SECOND);
  }

  List<Integer> in(WorkerState state) {
    return fleet.workers().stream()
        .filter(worker -> worker.state() == state)
        .map(WorkerView::worker)
        .toList();
  }

  List<Integer> serving() {
    return in(WorkerState.SERVING);
  }

  /** The one worker that boots. */
  int booting() {
    List<Integer> all = in(WorkerState.SPAWNED);
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  WorkerState stateOf(int worker) {
    return fleet.worker(worker).map(WorkerView::state).orElse(WorkerState.GONE);
  }

  /** A reload is resolved. */
  void resolve(long generation) {
    on(new Event.ReleaseResolved(generation, policy));
  }

  <A extends Action> Stream<A> taken(Class<A> kind) {
    return actions.stream().filter(kind::isInstance).map(kind::cast);
  }

  List<String> log() {
    return taken(Action.Log.class).map(Action.Log::text).toList();
  }

  List<String> log(Action.Level level) {
    return taken(Action.Log.class)
        .filter(line -> line.level() == level)
        .map(Action.Log::text)
        .toList();
  }

  List<Sig> signals(int worker) {
    return taken(Action.Signal.class)
        .filter(signal -> signal.worker() == worker)
        .map(Action.Signal::sig)
        .toList();
  }

  List<Message.ToWorker> told(int worker) {
    return taken(Action.Tell.class)
        .filter(tell -> tell.worker() == worker)
        .map(Action.Tell::message)
        .toList();
  }

  List<Integer> exits() {
    return taken(Action.Exit.class).map(Action.Exit::code).toList();
  }

  static IntStream ids(int from, int to) {
    return IntStream.rangeClosed(from, to);
  }
}
