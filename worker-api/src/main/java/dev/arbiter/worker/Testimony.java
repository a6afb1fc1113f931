package dev.arbiter.worker;

import dev.arbiter.wire.Message;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import javax.management.JMException;
import javax.management.ObjectName;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@link Message.Collect}: what this process is doing, as text under lines {@code == name
 * ==}. On the control thread, which no loop holds up; what may take long has a thread of its own,
 * so that the worker still hears that it is to leave. Each part is sent as soon as it is there: a
 * process that hardly runs may never finish the next.
 */
final class Testimony {
  /** Characters of one part: what finds room in the queue to the arbiter. */
  private static final int LONGEST_PART = 300_000;

  /** Characters of a message: even at 4 bytes each it stays under PIPE_BUF. */
  private static final int PIECE = 900;

  private static final int CLASSES_SHOWN = 60;

  private final Worker worker;
  private final Consumer<Message.FromWorker> answer;
  private final ProcessVitals vitals = new ProcessVitals();
  private volatile @Nullable Pulse pulse;

  Testimony(Worker worker, Consumer<Message.FromWorker> answer) {
    this.worker = worker;
    this.answer = answer;
  }

  /** Knows the loops from now on. */
  void pulse(Pulse felt) {
    pulse = felt;
  }

  void give(Message.Collect collect) {
    String what = collect.what().isEmpty() ? "state threads" : collect.what();
    List<String> parts = List.of(what.split(" "));
    if (parts.contains("histogram") || parts.contains("recording")) {
      Thread.ofPlatform()
          .daemon()
          .name("arbiter-evidence")
          .start(() -> give(collect.id(), parts, collect.folder()));
    } else {
      give(collect.id(), parts, collect.folder());
    }
  }

  private void give(long id, List<String> parts, String folder) {
    for (String part : parts) {
      switch (part) {
        case "state" -> state(id);
        case "threads" -> say(id, "threads", threads(folder));
        case "histogram" -> say(id, "histogram", histogram());
        case "recording" -> say(id, "recording", recording(folder));
        default -> {} // a newer arbiter may ask for more
      }
    }
    answer.accept(new Message.Evidence(id, true, ""));
  }

  private void state(long id) {
    say(id, "in flight", String.join("\n", worker.inFlight()));
    Pulse felt = pulse;
    say(id, "loops", felt == null ? "" : String.join("\n", felt.lines()));
    say(id, "figures", figures());
    say(id, "deadlock", deadlock());
  }

  private void say(long id, String part, String text) {
    String whole =
        "== "
            + part
            + " ==\n"
            + (text.length() <= LONGEST_PART
                ? text
                : text.substring(0, LONGEST_PART) + "... (cut short)")
            + "\n";
    for (int from = 0; from < whole.length(); from += PIECE) {
      String piece = whole.substring(from, Math.min(whole.length(), from + PIECE));
      answer.accept(new Message.Evidence(id, false, piece));
    }
  }

  private String figures() {
    StringBuilder text = new StringBuilder();
    line(text, "uptime-millis", ManagementFactory.getRuntimeMXBean().getUptime());
    line(text, "gc-millis", vitals.gcMillis());
    line(text, "heap-used", vitals.heapUsed());
    line(text, "heap-max", vitals.heapMax());
    line(text, "heap-after-gc", vitals.heapAfterGc());
    line(text, "metaspace", vitals.metaspace());
    line(text, "direct", vitals.direct());
    line(text, "rss", vitals.rss());
    line(text, "threads", ManagementFactory.getThreadMXBean().getThreadCount());
    line(text, "classes", ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      text.append(
          "collector %s: %d collections, %d ms\n"
              .formatted(bean.getName(), bean.getCollectionCount(), bean.getCollectionTime()));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String name, long value) {
    text.append(name).append(' ').append(value).append('\n');
  }

  /** Locks of platform threads only: the JVM keeps no book of who owns what among virtual ones. */
  private static String deadlock() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long[] ids = threads.findDeadlockedThreads();
    StringBuilder text = new StringBuilder();
    if (ids != null) {
      for (ThreadInfo info : threads.getThreadInfo(ids, 0)) {
        if (info != null) { // it may have ended meanwhile
          text.append(
              "\"%s\" waits for %s, which \"%s\" holds\n"
                  .formatted(info.getThreadName(), info.getLockName(), info.getLockOwnerName()));
        }
      }
    }
    return text.toString();
  }

  private static String threads(String folder) {
    try {
      return Threads.dump(folder);
    } catch (IOException | RuntimeException e) {
      return "no thread dump: " + e;
    }
  }

  /** With garbage: without, the JVM would collect first, which is what may ail it. */
  private static String histogram() {
    try {
      Object table =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[] {"-all"}},
                  new String[] {String[].class.getName()});
      return String.join("\n", String.valueOf(table).lines().limit(CLASSES_SHOWN).toList());
    } catch (JMException | RuntimeException e) {
      return "no class histogram: " + e;
    }
  }

  /** Writes what a flight recording has so far, if one runs. */
  private static String recording(String folder) {
    StringBuilder text = new StringBuilder();
    try {
      if (folder.isEmpty() || !FlightRecorder.isInitialized()) {
        return "";
      }
      for (Recording recording : FlightRecorder.getFlightRecorder().getRecordings()) {
        if (recording.getState() == RecordingState.RUNNING) {
          Path file = Path.of(folder, "recording-" + recording.getId() + ".jfr");
          recording.dump(file);
          text.append(recording.getName()).append(": ").append(file.getFileName()).append('\n');
        }
      }
    } catch (IOException | RuntimeException | LinkageError e) { // a JDK may come without jdk.jfr
      text.append("no recording: ").append(e).append('\n');
    }
    return text.toString();
  }
}
