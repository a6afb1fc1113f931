package dev.arbiter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command line in README and the documents is one that the program takes. */
final class DocumentedCommandsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** A line of a block; what a program prints has a colon behind the command, or columns. */
  private static final Pattern LINE =
      Pattern.compile(
          "(?: {4,}|)(?:bin/|/opt/arbiter/bin/)?(arbiter|arbiterctl) (?! )(?!\\w+:)(.*)");

  record Documented(String place, String program, String arguments) {}

  static List<Documented> lines() throws IOException {
    List<Documented> lines = new ArrayList<>();
    for (Path file : documents()) {
      boolean fenced = false;
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        fenced ^= line.startsWith("```");
        Matcher matcher = LINE.matcher(line);
        if ((fenced || line.startsWith("    ")) && matcher.matches()) {
          lines.add(
              new Documented(
                  ROOT.relativize(file) + ":" + number,
                  matcher.group(1),
                  matcher.group(2).replaceFirst("\\s+#\\s.*", "")));
        }
      }
    }
    return lines;
  }

  private static List<Path> documents() throws IOException {
    List<Path> files = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    for (String folder : List.of("docs", "deploy", "examples")) {
      try (Stream<Path> tree = Files.walk(ROOT.resolve(folder), 2)) {
        tree.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
      }
    }
    return files;
  }

  @ParameterizedTest
  @MethodSource("lines")
  void isTaken(Documented documented) throws Exception {
    String[] words = Words.split(documented.arguments(), documented.place()).toArray(String[]::new);
    if (documented.program().equals("arbiterctl")) {
      assertThat(CtlCommand.read(words, Map.of())).isNotInstanceOf(CtlInvocation.Failure.class);
    } else {
      assertThat(ArbiterCommand.read(words, Map.of(), ROOT))
          .isNotInstanceOf(Invocation.Failure.class);
    }
  }

  @ParameterizedTest
  @MethodSource("documents")
  void everyLinkLeadsSomewhere(Path file) throws IOException {
    Matcher links = Pattern.compile("]\\((?!https?:)([^)#]+)").matcher(Files.readString(file));
    while (links.find()) {
      assertThat(file.resolveSibling(links.group(1)).normalize()).exists();
    }
  }
}
