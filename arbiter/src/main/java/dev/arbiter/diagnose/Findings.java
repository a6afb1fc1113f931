package dev.arbiter.diagnose;

import dev.arbiter.worker.LogText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What was found out about one sick worker: the input of {@link Verdict}.
 *
 * @param process as it was last seen
 * @param load what it did in the time between dumps, or while it did not answer
 * @param dumps of its threads, the oldest first
 * @param sections what it said itself, by name; empty if it did not answer
 * @param sinceBeat what is known from before it fell silent
 * @param ownCode tells the app's frames
 */
record Findings(
    ProcSample process,
    Load load,
    List<ThreadDump> dumps,
    Map<String, String> sections,
    Optional<SinceBeat> sinceBeat,
    OwnCode ownCode) {

  /**
   * The last beat.
   *
   * @param agoMillis when it came
   * @param gcMillis time spent in collections until then
   */
  record SinceBeat(long agoMillis, long gcMillis) {}

  /**
   * A loop, or what runs virtual threads.
   *
   * @param thread the id of its thread, 0 if it has none of its own
   */
  record Executor(boolean loop, long lagMillis, long thread) {}

  /** Takes the worker's answer apart. */
  static Map<String, String> sections(String answer) {
    Map<String, String> sections = new TreeMap<>();
    String name = "";
    StringBuilder text = new StringBuilder();
    for (String line : LogText.lines(answer).split("\n", -1)) {
      if (line.startsWith("== ") && line.endsWith(" ==")) {
        sections.put(name, text.toString().strip());
        name = line.substring(3, line.length() - 3);
        text.setLength(0);
      } else {
        text.append(line).append('\n');
      }
    }
    sections.put(name, text.toString().strip());
    sections.remove("");
    return sections;
  }

  String section(String name) {
    return sections.getOrDefault(name, "");
  }

  List<String> lines(String name) {
    return section(name).lines().filter(line -> !line.isBlank()).toList();
  }

  /** A figure the worker gave; 0 if it gave none. */
  long figure(String name) {
    for (String line : lines("figures")) {
      String[] words = line.split(" ");
      if (words.length == 2 && words[0].equals(name) && words[1].matches("\\d{1,18}")) {
        return Long.parseLong(words[1]);
      }
    }
    return 0;
  }

  /** Loops and scheduler as the worker told; empty if it told nothing. */
  List<Executor> executors() {
    List<Executor> executors = new ArrayList<>();
    for (String line : lines("loops")) {
      String[] words = line.split(" "); // loop 4012 ms #31 NAME
      if (words.length >= 4 && words[1].matches("\\d{1,18}") && words[3].matches("#\\d{1,18}")) {
        executors.add(
            new Executor(
                words[0].equals("loop"),
                Long.parseLong(words[1]),
                Long.parseLong(words[3].substring(1))));
      }
    }
    return executors;
  }
}
