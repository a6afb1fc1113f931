package dev.arbiter.bench.change;

import java.util.List;

/**
 * Rows that are measured by the same figures.
 *
 * @param figures the first is the one that is judged
 */
record Table(String heading, String note, List<String> figures) {
  static final Table CHANGES =
      new Table(
          "change",
          """
          A stall is the longest time from the beginning of a request (its connect, if it has one) to
          the last byte of its answer, less the 20 ms of the app; goal 100 ms. Machine: by how much a
          thread that only slept, for 1 ms each time, was late meanwhile, at most. Took: from the
          first signal until nothing changed any more, with 2 s of probation for each reload.""",
          List.of("longest stall, ms", "machine, ms", "took, s"));

  static final Table SPARES =
      new Table(
          "death",
          """
          From kill(2) to the first answer of the spare to a client, less the 20 ms of the app, and to
          the line in the log that gives it the slot; the slowest of the kills; goal 50 ms. Cut off:
          requests on connections that the killed worker held, which die with it.""",
          List.of("first answer, ms", "log line, ms", "machine, ms", "cut off"));

  static final Table QUEUES =
      new Table(
          "queue",
          """
          From the death to the last byte of the answer, which comes from the neighbours; goal
          500 ms.""",
          List.of("longest wait, ms", "median wait, ms", "machine, ms"));

  static final List<Table> ALL = List.of(CHANGES, SPARES, QUEUES);
}
