package dev.arbiter.bench.change;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A worker is killed while a spare stands by: how long until the spare serves in its place.
 *
 * <p>A request on a connection that the worker held is lost with it, and no arbiter can help that:
 * such are counted apart. To know which these are, the worker is stopped for the moment in which
 * its connections are listed; time is taken from the kill on.
 */
final class SpareScene implements Row.Scene {
  private static final int KILLS = 3;

  /** A spare that has not answered after this has not been asked, or does not serve. */
  private static final long LIMIT_MILLIS = 5000;

  /** Who dies sooner after its start is not replaced at once: its slot backs off, by design. */
  private static final Duration EARLY = Duration.ofSeconds(6);

  /** A client hears of the death of its worker at once, or with its next request. */
  private static final Duration CUT = Duration.ofSeconds(1);

  /** A connection that a killed worker held, by its client's port. */
  private record Held(int client, long killed) {}

  @Override
  public Row.Run play(Stage stage) throws Exception {
    Set<Long> workers = stage.awaitStart(1);
    long spare = nextSpare(stage, 0);
    List<Long> victims = new ArrayList<>(workers);
    victims.remove(spare);
    int port = stage.address().getPort();
    List<Held> held = new ArrayList<>();
    List<Double> answers = new ArrayList<>();
    List<Double> lines = new ArrayList<>();
    try (Load load = Load.start(stage.address(), Set.of("good"));
        Hiccup hiccup = Hiccup.start()) {
      Thread.sleep(EARLY);
      hiccup.begin();
      for (long victim : victims.subList(0, KILLS)) {
        Set<Integer> clients = stopAndListConnections(victim, port);
        int mark = stage.log().mark();
        long killed = System.nanoTime();
        Kernel.kill(victim, Kernel.Signal.KILL);
        clients.forEach(client -> held.add(new Held(client, killed)));
        long took = stage.log().await(mark, Says.takesSlot(spare), Fleet.LIMIT).at();
        lines.add((took - killed) / 1e6);
        answers.add((firstAnswer(load, spare) - Load.SERVICE.toNanos() - killed) / 1e6);
        spare = nextSpare(stage, mark);
        stage.fleet().settle(stage.workers() + 1);
      }
      load.stop();
      List<Load.Failure> failures = new ArrayList<>(load.failures());
      failures.removeIf(failure -> excused(failure, held));
      double cut = load.failures().size() - failures.size();
      return new Row.Run(
          load.answered(),
          failures,
          List.of(Collections.max(answers), Collections.max(lines), hiccup.longest() / 1e6, cut),
          "answers " + answers + ", lines " + lines);
    }
  }

  private static long nextSpare(Stage stage, int mark) throws Exception {
    Log.Found ready = stage.log().await(mark, Says.SPARE_READY, Fleet.LIMIT);
    return Long.parseLong(ready.match().group(1));
  }

  /** Once for each: a port is soon used again. */
  private static boolean excused(Load.Failure failure, List<Held> held) {
    return held.removeIf(
        one ->
            one.client == failure.localPort()
                && failure.at() - one.killed > 0
                && failure.at() - one.killed < CUT.toNanos());
  }

  private static Set<Integer> stopAndListConnections(long victim, int port) throws Exception {
    Kernel.kill(victim, Kernel.Signal.STOP);
    QueueScene.awaitStopped(victim);
    return Kernel.clientsOf(victim, port);
  }

  private static long firstAnswer(Load load, long worker) throws Exception {
    for (int i = 0; i < LIMIT_MILLIS; i++) {
      OptionalLong at = load.firstAnswer(worker);
      if (at.isPresent()) {
        return at.getAsLong();
      }
      MILLISECONDS.sleep(1);
    }
    throw new ChangeFailed("spare " + worker + " has a slot, and does not answer");
  }
}
