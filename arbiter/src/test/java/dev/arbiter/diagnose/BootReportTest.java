package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootReportTest {
  private static final long MILLI = 1_000_000;
  private static final long SPAWN = 77_000 * MILLI;

  private static BootReport report() {
    return new BootReport(SPAWN, at(2));
  }

  private static long at(long millis) {
    return SPAWN + millis * MILLI;
  }

  @Test
  void aBootIsToldAsItsPhasesWithTheirTimes() {
    BootReport report = report();
    report.phase("waiting for its settings", at(192), at(195));
    report.phase("starting the worker", at(200), at(202));
    report.phase("loading the app", at(240), at(241));
    report.phase("constructing the app", at(260), at(262));
    report.phase("starting the app", at(560), at(561));
    report.phase("warming up", at(670), at(671));
    assertThat(report.line(at(812)))
        .isEqualTo(
            "booted in 812 ms: exec 2 ms, VM 190 ms, settings 8 ms, main 40 ms, class path 20 ms,"
                + " constructor 300 ms, start-up 110 ms, warm-up 142 ms");
  }

  @Test
  void aWorkerThatDoesNotSayWhenIsTakenByWhenItWasHeard() {
    BootReport report = report();
    report.phase("filling the cache", 0, at(100));
    assertThat(report.times(at(150))).isEqualTo("exec 2 ms, VM 98 ms, filling the cache 50 ms");
  }

  @Test
  void aFailedBootNamesItsPhaseItsCauseItsLastOutputAndWhatToDo() {
    BootReport report = report();
    report.phase("starting the app", at(300), at(300));
    report.failed(
        "The start-up of app.App threw java.nio.file.NoSuchFileException: a.txt", at(500));
    String block =
        report.block(
            "exit code 3",
            List.of("reading a.txt", "java.lang.X: y", "\tat app.App.startup(App.java:7)"),
            "/classes",
            false,
            at(900));
    assertThat(block.lines())
        .containsExactly(
            "the boot failed in the phase 'start-up', 500 ms after the spawn: exit code 3",
            "    phases: exec 2 ms, VM 298 ms, start-up 200 ms",
            "    cause: The start-up of app.App threw java.nio.file.NoSuchFileException: a.txt",
            "    last output:",
            "      | reading a.txt",
            "      | java.lang.X: y",
            "    hint: The app needs the file a.txt; relative paths start in the workers' folder"
                + " (--chdir)");
  }

  @ParameterizedTest
  @CsvSource({"4, 60, false", "11, 60, true", "4, 6, true", "4, 0, false", "11, 0, true"})
  void slowIsMoreThanTenSecondsOrHalfOfTheTimeout(int took, long timeout, boolean slow) {
    assertThat(report().isSlow(timeout * 1000 * MILLI, at(took * 1000L))).isEqualTo(slow);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "Unrecognized VM option 'UseTurbo' ¦ The JVM does not take the option 'UseTurbo'",
        "Unrecognized option: -Zfoo ¦ The JVM does not take the option '-Zfoo'",
        "Invalid maximum heap size: -Xmx1x ¦ The JVM says: Invalid maximum heap size: -Xmx1x.",
        "UnsupportedClassVersionError: app/App has been compiled by a more recent version of the Java"
            + " Runtime (class file version 70.0), this version of the Java Runtime only recognizes"
            + " class file versions up to 69.0 ¦ app.App was compiled for Java 26, and the workers"
            + " run Java 25: compile with --release 25",
        "java.lang.UnsatisfiedLinkError: no leveldb in java.library.path: /usr/lib ¦ A native library"
            + " is missing or does not fit this system: leveldb.",
        "java.lang.OutOfMemoryError: Java heap space ¦ Out of memory at boot",
        "java.lang.OutOfMemoryError: Metaspace ¦ Its classes found no room",
        "OutOfMemoryError: Cannot reserve 8192 bytes of direct buffer ¦ Its direct buffers",
        "OutOfMemoryError: unable to create native thread ¦ The kernel gave it no more threads",
        "Error: Could not reserve enough space for 9G object heap ¦ Out of memory at boot",
        "java.net.BindException: Address already in use ¦ The app opens a port of its own",
        "java.net.ConnectException: Connection refused ¦ What the app connects to (a database?)",
        "java.net.UnknownHostException: db.local ¦ The name db.local is not known",
        "java.nio.file.AccessDeniedException: /etc/shadow ¦ The user who runs the workers may not use"
            + " a file: /etc/shadow",
        "java.io.FileNotFoundException: a.key (Permission denied) ¦ The user who runs the workers may"
            + " not use a file",
        "java.io.FileNotFoundException: a.key (No such file or directory) ¦ The app needs the file"
            + " a.key",
        "java.lang.NoClassDefFoundError: com/x/Y ¦ The class com.x.Y is not on the app's class path",
        "java.lang.ClassNotFoundException: com.x.Y ¦ The class com.x.Y is not on the app's class path",
        "not ready within 5 s ¦ Its thread dump shows what it waits for",
        "not ready within 5 s, java.net.ConnectException: Connection refused ¦ What the app connects to",
      })
  void knownCausesHaveAHint(String said, String hint) {
    assertThat(BootHint.of(said, "/lib/a.jar", false).orElse("")).contains(hint.strip());
  }

  @Test
  void theClassPathThatWasSearchedIsShown() {
    assertThat(BootHint.of("ClassNotFoundException: a.B", "/lib/a.jar", false).orElse(""))
        .endsWith("; searched: /lib/a.jar");
  }

  @Test
  void whoeverIsKilledMayHaveTakenTooMuchMemory() {
    assertThat(BootHint.of("", "", true).orElse("")).contains("dmesg");
    assertThat(BootHint.of("", "", false)).isEmpty();
  }

  @Test
  void whoeverEndsItselfDidSoInTheApp() {
    assertThat(BootHint.of("exit code 9\nlicence file is empty\n", "", false).orElse(""))
        .contains("code 9", "System.exit");
  }
}
