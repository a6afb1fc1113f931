package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Sig;
import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.supervise.SimOs.Quality;
import dev.arbiter.wire.Message;
import dev.arbiter.wire.Vitals;
import java.util.List;

/**
 * One simulated worker process. Its fate is drawn from the seed when it is spawned; what it hears
 * and the signals it gets change it. Faults happen only while the world allows them.
 */
final class SimWorker {
  private static final List<Long> LAG = List.of(100L, 100L);

  private enum Boot {
    WELL,
    SLOW,
    SAYS_FAILED,
    DIES,
    HANGS,
    WRONG_VERSION,
    READY_WITHOUT_HELLO,
    LEAVES
  }

  final int id;
  final long pid;
  final long generation;

  private final SimOs os;
  private Boot boot = Boot.WELL;
  private boolean dead;
  private boolean ready;
  private boolean leaving;
  private boolean hung;
  private boolean deaf;
  private boolean stopped;
  private boolean liar;
  private long done;
  private long errors;
  private long rss = 100 << 20;
  private int overdue;

  SimWorker(SimOs os, int id, long pid, long generation) {
    this.os = os;
    this.id = id;
    this.pid = pid;
    this.generation = generation;
  }

  /** Its JVM runs. */
  void born() {
    if (os.quality(generation) == Quality.DEAD) {
      boot = os.pick(Boot.SAYS_FAILED, Boot.DIES, Boot.HANGS, Boot.WRONG_VERSION, Boot.LEAVES);
    } else if (os.fault(10)) {
      boot = os.pick(Boot.values());
    }
    deaf = os.fault(7);
    liar = os.fault(5);
    os.after(os.millis(20, 200), this::hello);
    if (os.fault(2)) {
      os.after(os.millis(0, 300), this::drain);
    }
    if (os.fault(2)) {
      os.after(os.millis(0, 2_000), () -> exit(new ExitStatus.Killed(os.pick(6, 9, 11))));
    }
  }

  private void hello() {
    if (dead || stopped || leaving) {
      return;
    }
    if (boot == Boot.READY_WITHOUT_HELLO) {
      say(new Message.Ready("app:App"));
      return;
    }
    if (boot == Boot.LEAVES || liar && os.chance(20)) {
      say(new Message.Failed("before Hello", 3, "no reason", "try again"));
      os.after(os.millis(0, 50), () -> exit(new ExitStatus.Code(3)));
      return;
    }
    int version = boot == Boot.WRONG_VERSION ? Rig.WIRE + 1 : Rig.WIRE;
    say(new Message.Hello(version, pid, "sim"));
    say(new Message.Phase("loading app", 0));
    if (liar) {
      say(new Message.Unknown(99));
      say(beatNow());
    }
    os.after(boot == Boot.SLOW ? os.millis(5_000, 19_000) : os.millis(50, 1_500), this::booted);
  }

  private void booted() {
    if (dead || stopped || leaving) {
      return;
    }
    switch (boot) {
      case WELL, SLOW -> {
        ready = true;
        say(new Message.Ready("app:App"));
        if (liar) {
          say(new Message.Ready("app:App"));
          say(new Message.Hello(Rig.WIRE, pid, "sim"));
        }
        os.after(os.millis(0, 1_000), this::beat);
        live();
      }
      case SAYS_FAILED -> {
        say(new Message.Failed("loading app", 4, "no class", ""));
        os.after(os.millis(0, 50), () -> exit(new ExitStatus.Code(4)));
      }
      case DIES -> exit(new ExitStatus.Code(1));
      case HANGS, WRONG_VERSION, READY_WITHOUT_HELLO, LEAVES -> {
        // Until somebody ends it.
      }
    }
  }

  private void live() {
    if (os.chance(20)) {
      os.after(
          os.millis(0, 200_000),
          () -> {
            if (!leaving && !os.quiet) {
              say(new Message.RecycleMe("max-requests"));
            }
          });
    }
    if (!os.fault(60)) {
      return;
    }
    // Mostly late, sometimes at once: while it is asked for its health, or not settled yet.
    os.after(os.chance(25) ? os.millis(0, 1_500) : os.millis(0, 250_000), this::strike);
  }

  private void strike() {
    if (dead || !os.fault(100)) {
      return;
    }
    switch (os.number(0, 9)) {
      case 0, 1 -> exit(new ExitStatus.Killed(os.pick(6, 9, 11)));
      case 2 -> exit(new ExitStatus.Code(os.pick(0, 1, 143)));
      case 3 -> hung = true;
      case 4 -> {
        hung = true;
        os.after(os.millis(20_000, 60_000), () -> hung = false);
      }
      case 5 -> stopped = true;
      case 6 -> drain();
      case 7 -> overdue = os.number(1, 5);
      case 8 -> rss = 4_000L << 20;
      default -> say(new Message.Failed("serving", 3, "it cannot go on", ""));
    }
  }

  private void beat() {
    if (dead) {
      return;
    }
    if (!hung && !stopped) {
      long share = ready ? os.number(20, 60) : 0;
      done += share;
      errors += os.quality(generation) == Quality.FAILING ? share / 2 : 0;
      say(beatNow());
      if (overdue > 0 && os.chance(50)) {
        overdue = 0;
      }
    }
    os.after(os.policy.heartbeatInterval().toNanos(), this::beat);
  }

  private Message.Beat beatNow() {
    List<Long> latency =
        os.quality(generation) == Quality.SLOW
            ? List.of(0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, done)
            : List.of(0L, 0L, done);
    return new Message.Beat(
        new Vitals(
            1,
            LAG,
            100,
            done,
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
            List.of(0L, done - errors, 0L, 0L, errors),
            latency,
            0,
            0,
            0,
            0,
            os.load,
            overdue,
            overdue * 1_500L));
  }

  void hear(Message.ToWorker message) {
    if (dead || stopped || deaf) {
      return;
    }
    switch (message) {
      case Message.Drain drain -> drain();
      case Message.Probe(long probe, String path) -> {
        if (os.fault(5)) {
          return; // it never answers
        }
        int status =
            os.quality(generation) == Quality.UNHEALTHY || os.fault(4)
                ? os.pick(500, 503, 404, 0)
                : os.pick(200, 204, 302);
        os.after(
            os.millis(1, 800),
            () -> {
              if (liar) {
                say(new Message.Probed(probe + 1, 200, 1, "another's"));
              }
              say(new Message.Probed(probe, status, 1, ""));
            });
      }
      default -> {
        // Nothing it would be seen to do.
      }
    }
  }

  void signal(Sig sig) {
    if (dead) {
      return;
    }
    switch (sig) {
      case KILL -> os.after(os.millis(0, 5), () -> exit(new ExitStatus.Killed(9)));
      case TERM -> {
        if (!stopped && !deaf) {
          drain();
        }
      }
      case QUIT, CONT -> {
        // A dump; it lives on.
      }
    }
  }

  private void drain() {
    if (dead || leaving) {
      return;
    }
    leaving = true;
    if (!ready) {
      os.after(os.millis(0, 40), () -> exit(new ExitStatus.Code(143)));
      return;
    }
    say(new Message.Draining(2, 1));
    long time = os.fault(15) ? os.millis(0, 30_000) : os.millis(0, 1_000);
    if (!hung) {
      os.after(time, () -> exit(new ExitStatus.Code(0)));
    }
  }

  Outcome evidence() {
    if (stopped) {
      return Outcome.STOPPED_STATE_T;
    }
    return hung || deaf
        ? os.pick(Outcome.DUMPED, Outcome.NO_ANSWER)
        : os.pick(Outcome.ANSWERED, Outcome.DUMPED);
  }

  private void say(Message.FromWorker message) {
    if (!dead && !stopped) {
      os.deliver(new Event.Said(id, message));
    }
  }

  private void exit(ExitStatus status) {
    if (!dead) {
      dead = true;
      os.reaped(pid);
      os.deliver(new Event.Exited(id, status));
      if (liar) {
        os.deliver(new Event.Said(id, beatNow())); // out of a pipe that was read too late
      }
    }
  }
}
