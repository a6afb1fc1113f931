package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real {@code arbiterctl}, run once. */
record Ctl(int exitCode, String out, String err) {

  /** Looks for the arbiters of this test, and waits for its end. */
  static Ctl run(Arbiters arbiters, String... arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>();
    line.add(Command.HOME.resolve("bin/arbiterctl").toAbsolutePath().toString());
    line.addAll(List.of(arguments));
    return run(arbiters, line);
  }

  static Ctl run(Arbiters arbiters, List<String> line) throws IOException, InterruptedException {
    Path err = Files.createTempFile(arbiters.folder(), "ctl", ".err");
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().keySet().removeIf(name -> name.startsWith("ARBITER_"));
    arbiters.mark(builder.environment());
    builder.redirectInput(new File("/dev/null")).redirectError(err.toFile());
    Process process = builder.start();
    try {
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (!process.waitFor(Limits.CHANGE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("Still running: " + line);
      }
      return new Ctl(process.exitValue(), out, Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  /** What it printed, as JSON. */
  JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out);
  }
}
