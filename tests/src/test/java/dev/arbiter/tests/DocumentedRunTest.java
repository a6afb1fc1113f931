package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.tests.DocumentedBlocks.Block;
import dev.arbiter.tests.DocumentedBlocks.Fate;
import java.io.File;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every command that the documents show is run as it stands there; {@link DocumentedBlocks} says
 * how. Only ports are others, and the shell's folder has what the commands name: an app, a
 * certificate, files.
 */
@Tag("slow")
final class DocumentedRunTest {
  private static final Pattern PORT = Pattern.compile(":(8\\d{3}|9000)\\b");
  private static final Pattern LISTENS = Pattern.compile("https?://[^,\\s]*?:(\\d+)");

  private static final Path TESTS = Command.REPO.resolve("tests/src/test/java/dev/arbiter/tests");

  /** What a test says that reads all of them. */
  private static final String EVERY_DOCUMENT = "endsWith(\".md\")";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  private final Map<String, Integer> ports = new HashMap<>();
  private @Nullable ArbiterProcess arbiter;

  static Stream<Block> toRun() throws IOException {
    return DocumentedBlocks.all().stream()
        .filter(block -> !(DocumentedBlocks.fate(block) instanceof Fate.By))
        .filter(block -> !(DocumentedBlocks.fate(block) instanceof Fate.Shown));
  }

  @Test
  void thereIsAWordForEveryBlockAndNoWordTooMany() throws Exception {
    List<Block> blocks = DocumentedBlocks.all();
    for (Block block : blocks) {
      if (DocumentedBlocks.fate(block) instanceof Fate.By(String test)) {
        assertThat(text(TESTS.resolve(test + ".java")))
            .as("%s: %s names it", block, test)
            .containsAnyOf(block.file(), EVERY_DOCUMENT);
      }
    }
    assertThat(DocumentedBlocks.idle(blocks)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("toRun")
  void doesWhatItIsShownFor(Block block) throws Exception {
    switch (DocumentedBlocks.fate(block)) {
      case Fate.Run run -> run(block, run);
      case Fate.Toml _ -> {
        furnish();
        Files.writeString(
            arbiters.folder().resolve("arbiter.toml"), String.join("\n", block.lines()));
        assertThat(shell("arbiter --print-config app:App"))
            .contains(block.lines().getFirst().split(" ")[0]);
      }
      case Fate.Dependency _ -> isAModule(String.join("\n", block.lines()));
      case Fate.Usage _ -> {
        String line = block.lines().getFirst();
        String help = shell(Command.REPO.resolve(line.split(" ")[0]) + " --help");
        Matcher options = Pattern.compile("(?<=\\[)--?\\w+").matcher(line);
        while (options.find()) {
          assertThat(help).contains(options.group());
        }
      }
      case Fate.Exchange exchange -> {
        furnish();
        start(exchange.arbiter());
        assertThat(asked(block.lines().getFirst()))
            .isEqualToIgnoringWhitespace(block.lines().get(1));
      }
      case Fate.By _, Fate.Shown _ -> throw new AssertionError("not to be run: " + block);
    }
  }

  private void run(Block block, Fate.Run run) throws Exception {
    furnish();
    List<String> lines = new ArrayList<>(run.before());
    block.lines().forEach(line -> lines.add(run.prefix() + line + run.suffix()));
    if (!run.after().isEmpty()) {
      lines.add(run.after());
    }
    String said = "";
    for (String line : lines) {
      String here = line.replaceFirst("\\s+# .*", "");
      for (int i = 0; i < run.replaced().size(); i += 2) {
        here = here.replace(run.replaced().get(i), run.replaced().get(i + 1));
      }
      here = here.replace("RUN/", arbiters.run() + "/");
      if (here.matches("(/\\S*/)?arbiter .*")) {
        start(here);
      } else {
        said = shell(here);
      }
    }
    if (said.isEmpty()) {
      Objects.requireNonNull(arbiter)
          .log()
          .await(Pattern.compile(Pattern.quote(run.prints())), Limits.ANSWER);
    } else {
      assertThat(said).contains(run.prints());
    }
  }

  /** What the commands name. */
  private void furnish() throws Exception {
    Path folder = arbiters.folder();
    SourceApp.write(folder, SourceApp.blocking("\"Hello\\n\""));
    Files.writeString(
        folder.resolve("app/Main.java"),
        "package app; public class Main { public static App create() { return new App(); } }");
    Path pem = Certificates.make(folder, "site");
    for (String name : List.of("cert.pem", "key.pem", "a.pem", "a.key", "b.pem")) {
      Files.copy(pem, folder.resolve(name));
    }
    Files.createDirectories(folder.resolve("public/css"));
    Files.createDirectories(folder.resolve("public/icons"));
    Files.writeString(folder.resolve("public/css/site.css"), "a {}\n");
  }

  private void start(String line) throws Exception {
    boolean binds = line.matches(".* (-b|--bind) .*");
    ArbiterProcess started =
        arbiters.adopt(
            new ArbiterProcess(
                builder("exec " + PORT.matcher(line).replaceAll(":0"), binds).start(), line));
    arbiter = started;
    Matcher workers = Pattern.compile(" -w (\\d+)").matcher(line);
    started.awaitReady(workers.find() ? Integer.parseInt(workers.group(1)) : 1);
    List<Integer> open = new ArrayList<>();
    for (Journal.Line said : started.log().lines()) {
      Matcher listens = Says.LISTENING.matcher(said.text());
      if (listens.find()) {
        LISTENS
            .matcher(listens.group(1))
            .results()
            .forEach(one -> open.add(Integer.valueOf(one.group(1))));
      }
    }
    List<String> shown =
        PORT.matcher(line.replaceFirst("--status-bind \\S+", ""))
            .results()
            .map(one -> one.group(1))
            .toList();
    if (!binds && !open.isEmpty()) {
      ports.put("8000", open.getFirst());
    }
    for (int i = 0; i < shown.size(); i++) {
      ports.put(shown.get(i), open.get(i));
    }
    if (line.contains("--status-bind")) {
      ports.put("9000", started.statusPort());
    }
  }

  private String shell(String line) throws Exception {
    String here =
        Pattern.compile("(?<=[:/])(8000|8443|9000)\\b")
            .matcher(line)
            .replaceAll(found -> String.valueOf(ports.getOrDefault(found.group(), 0)));
    String limit = String.valueOf(Limits.CHANGE.toSeconds());
    Process process =
        builder(here, false)
            .command("timeout", "-k", "1", limit, "bash", "-c", here) // reading its output has none
            .redirectErrorStream(true)
            .start();
    try {
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as("%s: %s", here, out).isZero();
      return out;
    } finally {
      process.destroyForcibly();
    }
  }

  private ProcessBuilder builder(String line, boolean binds) {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", line)
            .directory(arbiters.folder().toFile())
            .redirectInput(new File("/dev/null"));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("ARBITER_"));
    arbiters.mark(environment);
    environment.merge(
        "PATH",
        Command.HOME.resolve("bin").toAbsolutePath().toString(),
        (path, bin) -> bin + ":" + path);
    environment.put("ARBITER_ARGS", "--graceful-timeout 5" + (binds ? "" : " -b 127.0.0.1:0"));
    return builder;
  }

  private String asked(String line) throws IOException {
    Path socket = arbiters.run().resolve("arbiter/arbiter.sock");
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      channel.write(ByteBuffer.wrap((line + "\n").getBytes(UTF_8)));
      return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
    }
  }

  /** It is made by this build. */
  private static void isAModule(String dependency) throws IOException {
    Matcher name = Pattern.compile("<artifactId>(.*)</artifactId>").matcher(dependency);
    assertThat(name.find()).isTrue();
    try (Stream<Path> modules = Files.list(Command.REPO)) {
      assertThat(
              modules
                  .map(module -> module.resolve("pom.xml"))
                  .filter(Files::exists)
                  .anyMatch(pom -> text(pom).contains("\n  " + name.group() + "\n")))
          .as(name.group())
          .isTrue();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
