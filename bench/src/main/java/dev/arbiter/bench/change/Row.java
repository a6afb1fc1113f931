package dev.arbiter.bench.change;

import java.util.List;

/**
 * A line of a table: one change, and what is measured of it.
 *
 * @param name by which it is chosen on the command line
 * @param settings more lines of the settings file
 */
record Row(String name, String title, Table table, List<String> settings, Scene scene) {
  /** What happens, once the fleet is up. */
  interface Scene {
    Run play(Stage stage) throws Exception;
  }

  /**
   * One run of it.
   *
   * @param requests that were answered
   * @param figures in the order of the table
   * @param remark for who looks for the reason of a figure
   */
  record Run(long requests, List<Load.Failure> failures, List<Double> figures, String remark) {}
}
