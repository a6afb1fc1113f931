package dev.arbiter.diagnose;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What to do about a boot that failed for a known reason: a table of what JVMs, the JDK and the
 * kernel say. The first row that matches counts, so what names its reason stands before what often
 * wraps it.
 */
final class BootHint {
  private BootHint() {}

  /** A reason as it reads in output, and what to do; {@code %s} is what the first group found. */
  private record Row(Pattern said, Function<MatchResult, String> hint) {
    static Row of(String regex, String hint) {
      return new Row(
          Pattern.compile(regex),
          found -> found.groupCount() == 0 ? hint : hint.formatted(found.group(1)));
    }
  }

  private static final int FIRST_CLASS_FILE = 44; // Java 1 had version 45, JVMS table 4.1-A

  private static final List<Row> ROWS =
      List.of(
          Row.of(
              "(?:Unrecognized VM option|Unrecognized option:|Conflicting collector)"
                  + "\\s*'?([^'\\s]*)",
              "The JVM does not take the option '%s': look at --java-opts, and at what this --java"
                  + " knows (java -XX:+PrintFlagsFinal)"),
          Row.of(
              "(Invalid maximum heap size[^\\n]*|Initial heap size set to a larger value[^\\n]*"
                  + "|Too small maximum heap|Improperly specified VM option[^\\n]*)",
              "The JVM says: %s. Look at --java-opts and --worker-heap"),
          new Row(
              Pattern.compile(
                  "(\\S+) has been compiled by a more recent version of the Java Runtime"
                      + " \\(class file version (\\d+)\\.\\d+\\).*?up to (\\d+)\\.",
                  Pattern.DOTALL),
              found ->
                  "%s was compiled for Java %d, and the workers run Java %d: compile with --release"
                          .formatted(
                              found.group(1).replace('/', '.'),
                              java(found.group(2)),
                              java(found.group(3)))
                      + " %d, or name a newer JDK with --java".formatted(java(found.group(3)))),
          Row.of(
              "UnsatisfiedLinkError: (?:no )?([^\\n]+?)(?: in java\\.library\\.path[^\\n]*)?(?:\\n|$)",
              "A native library is missing or does not fit this system: %s. Install it, or say"
                  + " where it is with --java-opts -Djava.library.path=FOLDER"),
          Row.of(
              "OutOfMemoryError: Metaspace",
              "Its classes found no room: give more --memory, or --java-opts"
                  + " -XX:MaxMetaspaceSize=SIZE; docs/memory.md shows the division"),
          Row.of(
              "OutOfMemoryError: Cannot reserve \\d+ bytes of direct|OutOfMemoryError: Direct buffer",
              "Its direct buffers found no room: --java-opts -XX:MaxDirectMemorySize=SIZE"),
          Row.of(
              "OutOfMemoryError: unable to create native thread",
              "The kernel gave it no more threads: look at the limits of processes (ulimit -u,"
                  + " the cgroup's pids.max)"),
          Row.of(
              "OutOfMemoryError|Could not reserve enough space|insufficient memory for the Java",
              "Out of memory at boot: give each worker more (--worker-heap, --memory), or start"
                  + " fewer; docs/memory.md shows the division"),
          Row.of(
              "BindException|Address already in use",
              "The app opens a port of its own (or an option in --java-opts does) that is taken."
                  + " Every worker runs the app, and a reload starts the next one while the last"
                  + " still serves: let it choose a free port (0), or one by slot and generation"
                  + " (%{nr}, %{gen}, ARBITER_WORKER_NR, ARBITER_GENERATION); requests come through --bind"),
          Row.of(
              "Connection refused",
              "What the app connects to (a database?) does not listen: start it first, or check"
                  + " its address in the app's settings"),
          Row.of(
              "UnknownHostException: ([^\\s:]+)",
              "The name %s is not known: check the app's settings, and name resolution here"),
          new Row(
              Pattern.compile("AccessDeniedException: ([^\\n]+)|Permission denied"),
              found ->
                  "The user who runs the workers may not use a file"
                      + (found.group(1) == null ? "" : ": " + found.group(1))),
          Row.of(
              "(?:NoSuchFileException: |FileNotFoundException: )([^\\n(]+)",
              "The app needs the file %s; relative paths start in the workers' folder (--chdir)"),
          Row.of(
              "(?:NoClassDefFoundError: |ClassNotFoundException: )(?!Could not init)([\\w.$/]+)",
              "The class %s is not on the app's class path: add its jar with --classpath"),
          Row.of(
              "not ready within",
              "Its thread dump shows what it waits for; if that only takes long, give it longer"
                  + " with --boot-timeout"),
          Row.of(
              "^exit code (\\d+)\\n",
              "The process ended itself with code %s, which System.exit and Runtime.halt do in an app"
                  + " or its libraries: its last output is all it said"));

  /**
   * @param text all that is known: the cause, or how it ended when it gave none, and what the
   *     worker printed
   * @param classPath where the app's classes are looked for
   * @param killed whether it ended by a SIGKILL that the arbiter did not send
   */
  static Optional<String> of(String text, String classPath, boolean killed) {
    for (Row row : ROWS) {
      Matcher matcher = row.said().matcher(text);
      if (matcher.find()) {
        return Optional.of(complete(row.hint().apply(matcher.toMatchResult()), classPath));
      }
    }
    return killed
        ? Optional.of(
            "Somebody sent it KILL; if it was the kernel, for want of memory (dmesg, or"
                + " memory.events of the cgroup tell), give less to each worker or more to the"
                + " cgroup: docs/memory.md")
        : Optional.empty();
  }

  private static String complete(String hint, String classPath) {
    return hint.startsWith("The class ")
        ? hint.replace('/', '.') + "; searched: " + (classPath.isEmpty() ? "nothing" : classPath)
        : hint;
  }

  private static int java(String classFileVersion) {
    return Integer.parseInt(classFileVersion) - FIRST_CLASS_FILE;
  }
}
