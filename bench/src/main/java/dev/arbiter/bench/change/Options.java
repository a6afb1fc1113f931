package dev.arbiter.bench.change;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the launcher passes on.
 *
 * @param launcher of the arbiter that is measured
 * @param app the source that releases are made of
 * @param results where the table is left
 * @param rows which of them; all if there are none
 */
record Options(
    Path launcher, Path app, Path results, int runs, String kind, int workers, List<String> rows) {

  /** {@code LAUNCHER APP RESULTS RUNS KIND WORKERS [ROW...]}, as bench/change has checked them. */
  static Options of(String[] args) {
    List<String> rows = new ArrayList<>(List.of(args).subList(6, args.length));
    return new Options(
        Path.of(args[0]).toAbsolutePath().normalize(),
        Path.of(args[1]),
        Path.of(args[2]),
        Integer.parseInt(args[3]),
        args[4],
        Integer.parseInt(args[5]),
        rows);
  }
}
