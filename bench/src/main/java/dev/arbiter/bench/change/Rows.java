package dev.arbiter.bench.change;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;

/** All rows, in the order of the report. */
final class Rows {
  private static final int THRICE = 3;

  /** Each of four workers three times. */
  private static final int RECYCLED = 12;

  private static final int STORM = 24;

  /** Of the storm, beyond those there are at first. */
  private static final int MOST_MORE = 3;

  private static final int LULL_MILLIS = 250;

  private Rows() {}

  static List<Row> all() {
    return List.of(
        change("nothing", "nothing, for comparison", stage -> SECONDS.sleep(5)),
        change("reload", "reload, 3 times", Rows::reloads),
        change("slow", "reload, the app takes 3 s to boot", stage -> reload(stage, "slow")),
        change(
            "uncompilable",
            "reload, the app does not compile",
            stage -> inVain(stage, "uncompilable", "does not compile")),
        change(
            "throwing",
            "reload, the app's constructor throws",
            stage -> inVain(stage, "throwing", "no database")),
        change("hanging", "reload, the app's constructor never returns", Rows::hanging),
        new Row(
            "unhealthy",
            "reload, the app answers 500 to its health path",
            Table.CHANGES,
            List.of("health-path = \"/health\""),
            stage ->
                stage.underLoad(
                    Set.of("good"),
                    () -> inVain(stage, "unhealthy", "not healthy: GET /health answered 500"))),
        new Row(
            "recycle",
            "a worker replaced after each 50 requests, 12 times",
            Table.CHANGES,
            List.of("max-requests = 50"),
            stage -> stage.underLoad(Set.of("good"), () -> recycling(stage))),
        change("resize", "24 TTIN and TTOU within 3 s", Rows::storm),
        change("upgrade", "upgrade, 3 times", Rows::upgrades),
        change("broken", "upgrade to an arbiter that cannot start", Rows::brokenUpgrade),
        change("listener", "reload that adds an address", Rows::listener),
        new Row(
            "spare",
            "SIGKILL of a worker, 3 times, with a spare",
            Table.SPARES,
            List.of("spares = 1"),
            new SpareScene()),
        new Row(
            "reuse-port",
            "400 connections wait for a worker that dies",
            Table.QUEUES,
            List.of("reuse-port = true"),
            new QueueScene()));
  }

  /** What is done in a row that needs nothing special. */
  private interface Change {
    void make(Stage stage) throws Exception;
  }

  /** Only what the app of this name, or the good one, has answered is right. */
  private static Row change(String name, String title, Change change) {
    return new Row(
        name,
        title,
        Table.CHANGES,
        List.of(),
        stage -> stage.underLoad(Set.of("good", name), () -> change.make(stage)));
  }

  private static void reloads(Stage stage) throws Exception {
    for (int i = 0; i < THRICE; i++) {
      stage.reload();
    }
  }

  private static void reload(Stage stage, String release) throws Exception {
    stage.release(release);
    stage.reload();
    stage.serves(stage.address(), release);
  }

  private static void inVain(Stage stage, String release, String why) throws Exception {
    stage.release(release);
    stage.reloadInVain(why);
    stage.serves(stage.address(), "good");
  }

  private static void hanging(Stage stage) throws Exception {
    stage.write(List.of("boot-timeout = \"3s\""));
    inVain(stage, "hanging", "not ready within 3 s");
  }

  private static void recycling(Stage stage) throws Exception {
    int mark = stage.log().mark();
    for (int i = 0; i < RECYCLED; i++) {
      mark = stage.log().await(mark, Says.RECYCLED, Fleet.LIMIT).next();
    }
  }

  /** Signals that come too close are one to the kernel, so the arbiter says how many it wants. */
  private static void storm(Stage stage) throws Exception {
    Random random = new Random(STORM);
    int mark = stage.log().mark();
    int wanted = stage.workers();
    for (int i = 0; i < STORM; i++) {
      boolean more = wanted == 1 || wanted < stage.workers() + MOST_MORE && random.nextBoolean();
      wanted += more ? 1 : -1;
      stage.fleet().signal(more ? Kernel.Signal.TTIN : Kernel.Signal.TTOU);
      MILLISECONDS.sleep(random.nextInt(LULL_MILLIS));
    }
    SECONDS.sleep(1);
    int last = stage.workers();
    for (Log.Line line : stage.log().lines().stream().skip(mark).toList()) {
      Matcher match = Says.RESIZED.matcher(line.text());
      if (match.find()) {
        last = Integer.parseInt(match.group(1));
      }
    }
    stage.fleet().settle(last);
  }

  private static void upgrades(Stage stage) throws Exception {
    for (int i = 0; i < THRICE; i++) {
      stage.upgrade();
    }
  }

  private static void brokenUpgrade(Stage stage) throws Exception {
    stage.breakInstallation();
    stage.upgradeInVain("");
    stage.serves(stage.address(), "good");
  }

  private static void listener(Stage stage) throws Exception {
    InetSocketAddress added = stage.bindOneMore();
    stage.reload();
    stage.serves(added, "good");
  }
}
