package dev.arbiter.bench.change;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Collects runs, and tells of them in Markdown. */
final class Report {
  /** A client that waits longer takes the service for gone. */
  private static final double LIMIT_MILLIS = 1000;

  private static final int MOST_FAILURES = 8;

  private final Options options;
  private final String load;
  private final Map<Row, List<Row.Run>> runs = new LinkedHashMap<>();
  private final Set<Row> missing = new LinkedHashSet<>();
  private final Map<Row, List<String>> faults = new LinkedHashMap<>();

  Report(Options options, List<Row> rows) throws IOException {
    this.options = options;
    this.load = first("/proc/loadavg").split(" ")[0];
    rows.forEach(row -> runs.put(row, new ArrayList<>()));
  }

  void add(Row row, Row.Run run) {
    runs.getOrDefault(row, new ArrayList<>()).add(run);
  }

  /** The arbiter cannot do this. */
  void miss(Row row) {
    missing.add(row);
  }

  /** The change itself went wrong. */
  void fault(Row row, String what) {
    faults.computeIfAbsent(row, r -> new ArrayList<>()).add(what);
  }

  /** Whether a request failed, one waited far too long, or a change did not come about. */
  boolean failed() {
    return !faults.isEmpty()
        || runs.values().stream().flatMap(List::stream).anyMatch(Report::isBad);
  }

  static boolean isBad(Row.Run run) {
    return !run.failures().isEmpty() || run.figures().getFirst() >= LIMIT_MILLIS;
  }

  /** One run in a line, and each failure in another. */
  String describe(Row.Run run) {
    String line =
        "%,d answered, %d failed, %s  %s"
            .formatted(
                run.requests(),
                run.failures().size(),
                run.figures().stream().map(Report::number).collect(Collectors.joining(", ")),
                run.remark());
    return run.failures().stream()
        .limit(MOST_FAILURES)
        .map(
            failure ->
                "\n    %.3f %s%s, client port %d%s"
                    .formatted(
                        failure.at() / 1e9,
                        failure.what(),
                        failure.kept() ? ", kept connection" : ", new connection",
                        failure.localPort(),
                        failure.worker() == 0 ? "" : ", worker " + failure.worker()))
        .collect(Collectors.joining("", line, ""));
  }

  String text() throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("# Planned changes, %s%n%n".formatted(LocalDate.now(ZoneOffset.UTC)));
    text.append(
        "%d cores of %s, Linux %s, JDK %s; %s workers of kind %s; load average before: %s.%n"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                processor(),
                first("/proc/sys/kernel/osrelease"),
                Runtime.version(),
                options.workers(),
                options.kind(),
                load));
    text.append(
        "%d clients that keep their connection and %d that open one for each request, %d ms of"
            .formatted(Load.CLIENTS, Load.CLIENTS, Load.SERVICE.toMillis()));
    text.append(" service; on the same machine. Runs of each row: %d.%n".formatted(options.runs()));
    for (Table table : Table.ALL) {
      if (runs.keySet().stream().anyMatch(row -> row.table().equals(table))) {
        table(text, table);
      }
    }
    faults.forEach(
        (row, all) -> all.forEach(what -> text.append("%n- %s: %s".formatted(row.name(), what))));
    return text.append("\n").toString();
  }

  private void table(StringBuilder text, Table table) {
    text.append(
        "%n| %s | answered | failed | %s |%n"
            .formatted(table.heading(), String.join(" | ", table.figures())));
    text.append("|---|---:|---:|" + "---:|".repeat(table.figures().size()) + "\n");
    runs.forEach(
        (row, all) -> {
          if (row.table().equals(table)) {
            text.append("| " + row.title() + " | " + cells(row, all) + " |\n");
          }
        });
    text.append("\n" + table.note() + "\nMedians of the runs, the worst in brackets.\n");
  }

  private String cells(Row row, List<Row.Run> all) {
    List<String> cells = new ArrayList<>();
    String fault = faults.containsKey(row) ? "went wrong" : "";
    String missed = missing.contains(row) ? "not in this build" : fault;
    if (all.isEmpty()) {
      cells.add("");
      cells.add(missed);
      row.table().figures().forEach(figure -> cells.add(""));
    } else {
      long failures = all.stream().mapToLong(run -> run.failures().size()).sum();
      cells.add("%,d".formatted(all.stream().mapToLong(Row.Run::requests).sum()));
      cells.add(failures + (fault.isEmpty() ? "" : ", " + fault));
      for (int i = 0; i < row.table().figures().size(); i++) {
        int figure = i;
        List<Double> sorted = all.stream().map(run -> run.figures().get(figure)).sorted().toList();
        String median = number(median(sorted));
        cells.add(all.size() == 1 ? median : median + " (" + number(sorted.getLast()) + ")");
      }
    }
    return String.join(" | ", cells);
  }

  private static double median(List<Double> sorted) {
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%,.0f", value);
  }

  private static String first(String file) throws IOException {
    return Files.readString(Path.of(file)).strip();
  }

  private static String processor() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    }
  }
}
