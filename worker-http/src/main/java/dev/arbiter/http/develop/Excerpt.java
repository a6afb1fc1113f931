package dev.arbiter.http.develop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Some lines of a source around the one that matters.
 *
 * @param line the one that matters, from 1
 * @param message what the compiler says of it; empty for a frame of a stack
 * @param first the number of the first of {@code lines}
 */
record Excerpt(Path file, int line, String message, int first, List<String> lines) {
  private static final int AROUND = 4;
  private static final int MOST = 8;
  private static final long LONGEST_FILE = 2 * 1024 * 1024;

  /** As javac writes it: {@code /srv/app/App.java:7: error: ';' expected}. */
  private static final Pattern COMPILED =
      Pattern.compile("^(/.+?\\.java):(\\d+): (?:error: |warning: )?(.*)$");

  /** As a stack is written: {@code at app.App.<init>(App.java:7)}. */
  private static final Pattern FRAME =
      Pattern.compile("^\\s*at (?:[^/()]*/)*([\\w.$]+)\\.[\\w$<>]+\\((\\w+\\.java):(\\d+)\\)$");

  /** Those that a text names, each once, a few at most. */
  static List<Excerpt> of(String text, List<Path> roots) {
    return text.lines()
        .flatMap(line -> Stream.concat(compiled(line).stream(), frame(line, roots).stream()))
        .distinct()
        .limit(MOST)
        .toList();
  }

  private static Optional<Excerpt> compiled(String text) {
    return COMPILED
        .matcher(text)
        .results()
        .findFirst()
        .flatMap(match -> read(match.group(1), match.group(2), match.group(3)));
  }

  private static Optional<Excerpt> frame(String text, List<Path> roots) {
    return FRAME
        .matcher(text)
        .results()
        .findFirst()
        .flatMap(match -> find(match, roots).flatMap(file -> read(file, match.group(3), "")));
  }

  private static Optional<String> find(MatchResult frame, List<Path> roots) {
    String type = frame.group(1);
    int dot = type.lastIndexOf('.');
    String folder = dot < 0 ? "" : type.substring(0, dot).replace('.', '/');
    return roots.stream()
        .map(root -> root.resolve(folder).resolve(frame.group(2)))
        .filter(Files::isRegularFile)
        .map(Path::toString)
        .findFirst();
  }

  private static Optional<Excerpt> read(String name, String number, String message) {
    try {
      Path file = Path.of(name);
      if (Files.size(file) > LONGEST_FILE) {
        return Optional.empty();
      }
      // Not readString: a byte that is no UTF-8 is what the compiler may be complaining of.
      List<String> all = new String(Files.readAllBytes(file), UTF_8).lines().toList();
      int line = Integer.parseInt(number);
      if (line < 1 || line > all.size()) {
        return Optional.empty();
      }
      int first = Math.max(1, line - AROUND);
      int last = Math.min(all.size(), line + AROUND);
      return Optional.of(
          new Excerpt(file, line, message, first, List.copyOf(all.subList(first - 1, last))));
    } catch (IOException | InvalidPathException | NumberFormatException gone) {
      return Optional.empty(); // the text, which is shown in any case, tells of it
    }
  }

  /** For a terminal. */
  String text() {
    List<String> all = new ArrayList<>();
    all.add(file + ":" + line);
    for (int i = 0; i < lines.size(); i++) {
      all.add("%s %5d | %s".formatted(first + i == line ? ">" : " ", first + i, lines.get(i)));
    }
    return String.join("\n", all);
  }
}
