package dev.arbiter.http.develop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Why the app cannot be served, as it is shown: made once, so that it goes on telling of the source
 * that failed, whatever is saved meanwhile.
 *
 * @param title one line: what failed
 * @param detail what the compiler printed, or the stack of what was thrown; may be empty
 * @param hint what to do; may be empty
 * @param places the lines of the app's sources that the detail names, the first first
 */
record Problem(String title, String detail, String hint, List<Excerpt> places) {
  private static final String HINT = "hint: ";

  /** Frames of what called the app, which tell its author nothing. */
  private static final List<String> FOREIGN =
      List.of(
          "\tat dev.arbiter.",
          "\tat java.base/jdk.internal.reflect.",
          "\tat java.base/java.lang.reflect.");

  /**
   * @param roots folders of sources, in which the classes of a stack are looked for
   */
  static Problem of(String title, String detail, String hint, List<Path> roots) {
    String shown =
        detail
            .lines()
            .filter(line -> FOREIGN.stream().noneMatch(line::startsWith))
            .collect(Collectors.joining("\n"));
    return new Problem(title, shown, hint, Excerpt.of(shown, roots));
  }

  /**
   * Reads what the arbiter has written: the title on the first line, then the detail, and perhaps a
   * last line {@code hint: ...}.
   */
  static Problem read(Path file, List<Path> roots) throws IOException {
    List<String> lines = new String(Files.readAllBytes(file), UTF_8).lines().toList();
    if (lines.isEmpty()) {
      return of("The app cannot be served", "", "", roots);
    }
    String last = lines.getLast();
    boolean hinted = lines.size() > 1 && last.startsWith(HINT);
    return of(
        lines.getFirst(),
        String.join("\n", lines.subList(1, lines.size() - (hinted ? 1 : 0))),
        hinted ? last.substring(HINT.length()) : "",
        roots);
  }

  /** For a terminal. */
  String text() {
    return Stream.of(
                Stream.of(title, "", detail.stripTrailing()),
                places.stream().map(place -> "\n" + place.text()),
                hint.isEmpty() ? Stream.<String>empty() : Stream.of("", HINT + hint))
            .flatMap(part -> part)
            .collect(Collectors.joining("\n"))
        + "\n";
  }
}
