package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A folder of evidence, as an operator finds it. */
record Incident(Path folder) {

  /** Waits for the incident of this process. */
  static Incident await(Path incidents, long pid, Duration limit) throws InterruptedException {
    return new Incident(
        Await.value("an incident of pid " + pid, limit, () -> find(incidents, pid)));
  }

  /** The incident of this process, if there is one. */
  static Optional<Path> find(Path incidents, long pid) throws IOException {
    if (!Files.isDirectory(incidents)) {
      return Optional.empty();
    }
    try (Stream<Path> folders = Files.list(incidents)) {
      return folders
          .filter(folder -> name(folder).matches("\\d{8}-\\d{6}-slot\\d+-pid" + pid + "-[a-z-]+"))
          .findFirst();
    }
  }

  private static String name(Path folder) {
    return String.valueOf(folder.getFileName());
  }

  /** The word its name ends with. */
  String cause() {
    return name(folder).replaceFirst("^.*-pid\\d+-", "");
  }

  String text(String file) throws IOException {
    return Files.readString(folder.resolve(file));
  }

  List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Incident::name).sorted().toList();
    }
  }

  /** That this was concluded, and that the summary names each of these. */
  Incident concludes(String cause, String... named) throws IOException {
    String summary = text("summary.md");
    assertThat(cause()).as(summary).isEqualTo(cause);
    assertThat(summary).contains("**" + cause + "**").contains(named);
    return this;
  }
}
