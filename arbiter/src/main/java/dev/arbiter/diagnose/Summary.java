package dev.arbiter.diagnose;

import dev.arbiter.wire.Vitals;
import dev.arbiter.worker.LogText;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The page an operator reads first: what was seen, what is concluded, what was done. */
final class Summary {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss xx");
  private static final int REQUESTS = 20;
  private static final int OUTPUT = 20;

  private final StringBuilder text = new StringBuilder();

  private Summary(Patient patient, Instant time, Verdict verdict, String why) {
    text.append(
        "# Worker %d (pid %d): %s\n\n"
            .formatted(patient.slot(), patient.pid(), verdict.cause().word()));
    item("time", TIME.format(time.atZone(ZoneId.systemDefault())));
    item("seen", why);
    item(
        "age",
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - patient.spawnedNanos())
            + " s since its start");
    text.append("\n## Concluded\n\n**%s**".formatted(verdict.cause().word()));
    text.append(verdict.figure().isEmpty() ? "\n" : ": " + LogText.line(verdict.figure()) + "\n");
    block(verdict.stack());
  }

  /** Of a worker that lived. */
  static String of(
      Patient patient, Instant time, String why, Evidence.Result result, List<String> output) {
    Summary page = new Summary(patient, time, result.verdict(), why);
    page.head("Seen");
    page.item("state", String.valueOf(result.found().process().state()));
    page.item("load", result.found().load().text());
    for (String line : result.found().lines("loops")) {
      page.item("runs tasks", line);
    }
    page.figures(patient, result.found());
    List<String> requests = result.found().lines("in flight");
    page.head("In flight: " + requests.size());
    page.block(requests.stream().limit(REQUESTS).toList());
    page.output(output);
    page.head("Done");
    result.steps().forEach(step -> page.text.append("- ").append(step).append('\n'));
    page.files(result.files());
    return page.text.toString();
  }

  /** Of one that died. */
  static String ofDead(
      Patient patient,
      Instant time,
      String how,
      Verdict verdict,
      List<String> output,
      Map<String, String> files) {
    Summary page = new Summary(patient, time, verdict, how);
    page.head("Seen");
    page.vitals(patient);
    page.output(output);
    page.files(files);
    return page.text.toString();
  }

  private void figures(Patient patient, Findings found) {
    long max = found.figure("heap-max");
    if (max > 0) {
      item(
          "heap",
          "%d MB of %d MB in use, %d MB after the last collection"
              .formatted(
                  found.figure("heap-used") >> 20, max >> 20, found.figure("heap-after-gc") >> 20));
      item(
          "beside it",
          "metaspace %d MB, direct buffers %d MB, resident %d MB, %d threads"
              .formatted(
                  found.figure("metaspace") >> 20,
                  found.figure("direct") >> 20,
                  found.figure("rss") >> 20,
                  found.figure("threads")));
      found.lines("figures").stream()
          .filter(line -> line.startsWith("collector "))
          .forEach(line -> item("collector", line.substring("collector ".length())));
    }
    vitals(patient);
  }

  private void vitals(Patient patient) {
    if (patient.vitals().isEmpty()) {
      item("last beat", "none");
      return;
    }
    Vitals last = patient.vitals().get();
    item(
        "last beat",
        "%.1f s before: %d requests in flight, oldest %.1f s, heap after collection %d MB of %d MB, metaspace %d MB, direct %d MB, resident %d MB, %d ms in collections, busy %d %%"
            .formatted(
                (System.nanoTime() - patient.vitalsNanos()) / 1e9,
                last.inFlight(),
                last.oldestMillis() / 1000.0,
                last.heapAfterGc() >> 20,
                last.heapMax() >> 20,
                last.metaspace() >> 20,
                last.direct() >> 20,
                last.rss() >> 20,
                last.gcMillis(),
                last.busyPercent()));
  }

  private void output(List<String> output) {
    head("Last output");
    block(output.subList(Math.max(0, output.size() - OUTPUT), output.size()));
  }

  private void files(Map<String, String> files) {
    if (!files.isEmpty()) {
      item("files", String.join(", ", new ArrayList<>(files.keySet())));
    }
  }

  private void head(String title) {
    text.append("\n## ").append(title).append("\n\n");
  }

  private void item(String name, String value) {
    text.append("- ").append(name).append(": ").append(LogText.line(value)).append('\n');
  }

  private void block(List<String> lines) {
    if (!lines.isEmpty()) {
      text.append("\n```\n");
      for (String line : lines) {
        // What a client had a hand in must not end the block; a fence is not indented so far.
        text.append(line.strip().startsWith("```") ? "    " : "")
            .append(LogText.line(line))
            .append('\n');
      }
      text.append("```\n");
    }
  }
}
