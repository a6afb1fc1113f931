package dev.arbiter.bench.change;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * {@code main} of bench/change: plays each row so often, all rows once and then all again, so that
 * a slow minute of the machine does not fall on one of them alone.
 */
final class Main {
  private static final int USAGE = 2;

  /** What must not outlive this process, however that ends. */
  private static final AtomicReference<@Nullable Stage> CURRENT = new AtomicReference<>();

  private Main() {}

  public static void main(String[] args) throws Exception {
    Options options = Options.of(args);
    List<Row> rows = Rows.all();
    List<String> names = rows.stream().map(Row::name).toList();
    for (String name : options.rows()) {
      if (!names.contains(name)) {
        System.err.println("bench/change: there is no row '" + name + "', only " + names);
        System.exit(USAGE);
      }
    }
    if (!options.rows().isEmpty()) {
      rows = rows.stream().filter(row -> options.rows().contains(row.name())).toList();
    }
    Runtime.getRuntime().addShutdownHook(new Thread(Main::closeCurrent));

    Report report = new Report(options, rows);
    for (int run = 1; run <= options.runs(); run++) {
      for (Row row : rows) {
        System.out.printf("run %d/%d: %-14s", run, options.runs(), row.name());
        System.out.flush();
        System.out.println(" " + play(options, row, report));
      }
    }
    Path file = options.results().resolve("change-" + stamp() + ".md");
    Files.createDirectories(options.results());
    Files.writeString(file, report.text());
    System.out.printf("%n%s%nWritten to %s%n", report.text(), file);
    System.exit(report.failed() ? 1 : 0);
  }

  /** Plays it once; in words, what came of it. */
  private static String play(Options options, Row row, Report report) throws IOException {
    Stage stage = new Stage(options, row.settings());
    CURRENT.set(stage);
    try {
      Row.Run run = row.scene().play(stage);
      stage.stop();
      report.add(row, run);
      if (Report.isBad(run)) {
        keepLog(options, row, stage, report.describe(run));
      }
      return report.describe(run);
    } catch (NotInThisBuild e) {
      report.miss(row);
      return "not in this build: " + e.getMessage();
    } catch (Exception e) {
      report.fault(row, e.toString());
      keepLog(options, row, stage, e.toString());
      return e.toString();
    } finally {
      closeCurrent();
    }
  }

  /** What the arbiter said is the first thing that who looks for the reason wants. */
  private static void keepLog(Options options, Row row, Stage stage, String why)
      throws IOException {
    Path file = options.results().resolve("change-" + stamp() + "-" + row.name() + ".log");
    Files.createDirectories(options.results());
    StringBuilder text = new StringBuilder(why).append("\n\n");
    for (Log.Line line : stage.log().lines()) {
      text.append("%.3f %s%n".formatted(line.at() / 1e9, line.text()));
    }
    Files.writeString(file, text.toString());
  }

  private static void closeCurrent() {
    Stage stage = CURRENT.getAndSet(null);
    if (stage != null) {
      try {
        stage.close();
      } catch (IOException e) {
        System.err.println("bench/change: " + e);
      }
    }
  }

  private static String stamp() {
    return DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(ZonedDateTime.now(ZoneOffset.UTC));
  }
}
