package dev.arbiter.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What README and the documents show in blocks, and the one place that says what becomes of each:
 * run here, run by another test, or not to be run, and why. Java is {@link SnippetTest}'s.
 */
final class DocumentedBlocks {
  private static final String ELSEWHERE = "Run by another test: ";

  private DocumentedBlocks() {}

  /**
   * A block of a document.
   *
   * @param language of a fenced one; empty where none is given, and for an indented one
   */
  record Block(String file, int line, String language, List<String> lines) {
    @Override
    public String toString() {
      return file + ":" + line + ": " + lines.getFirst();
    }
  }

  /** What becomes of a block. */
  sealed interface Fate {
    /** A test of its own holds it, and says so: its source names the document. */
    record By(String test) implements Fate {}

    /** It is not to be run. */
    record Shown(String reason) implements Fate {}

    /** Settings: read as {@code arbiter.toml}. */
    record Toml() implements Fate {}

    /** The dependency on a module of this build. */
    record Dependency() implements Fate {}

    /** How a script is called: its {@code --help} knows the options. */
    record Usage() implements Fate {}

    /** Lines of JSON for the control socket, and what is answered. */
    record Exchange(String arbiter) implements Fate {}

    /**
     * Run, line by line.
     *
     * @param before lines that are to be run first
     * @param prefix what stands before, and {@code suffix} after each of its own lines
     * @param replaced a word that is another in the test, and that other; {@code RUN} in it is a
     *     folder for sockets
     * @param after a line that is run at the end
     * @param prints what that prints, or the last of its own lines, or the arbiter's log: a part
     */
    record Run(
        List<String> before,
        String prefix,
        String suffix,
        List<String> replaced,
        String after,
        String prints)
        implements Fate {}
  }

  /** The block that begins so, in this document. */
  private record Entry(String file, String begins, Fate fate) {
    boolean isFor(Block block) {
      return block.file().equals(file) && block.lines().getFirst().startsWith(begins);
    }
  }

  private static Entry serves(String file, String begins) {
    return serves(file, begins, "curl -sik http://127.0.0.1:8000/", " 200 ");
  }

  private static Entry serves(String file, String begins, String after, String prints) {
    return new Entry(file, begins, new Fate.Run(List.of(), "", "", List.of(), after, prints));
  }

  private static Entry beside(String file, String begins, String arbiter, String prints) {
    return new Entry(file, begins, new Fate.Run(List.of(arbiter), "", "", List.of(), "", prints));
  }

  private static Entry by(String file, String begins, String test) {
    return new Entry(file, begins, new Fate.By(test));
  }

  private static Entry shown(String file, String begins, String reason) {
    return new Entry(file, begins, new Fate.Shown(reason));
  }

  private static final String HTTPS = "curl -sik https://127.0.0.1:8443/";

  /** A preamble of version 2 that announces nobody, and a request. */
  private static final String PREAMBLE =
      "exec 3<>/dev/tcp/127.0.0.1/8000; "
          + "printf '\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x20\\0\\0\\0GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";

  private static final List<Entry> TABLE =
      List.of(
          serves("README.md", "arbiter -k netty -w 4"),
          by("README.md", "bin/arbiter -k netty", "ReadmeTest"),
          by("README.md", "for i in", "ReadmeTest"),
          shown("README.md", "tests/run", "it runs everything, this test too"),
          by("README.md", "package app;", "SnippetTest"),
          shown("docs/app-api.md", "mvn verify -Dapi", "needs a release to compare with"),
          serves("docs/apps.md", "arbiter --java-opts", "", "Listening for transport dt_socket"),
          new Entry("docs/benchmarks.md", "bench/", new Fate.Usage()),
          serves(
              "docs/compression.md",
              "arbiter --compress",
              "curl -si --compressed http://127.0.0.1:8000/",
              " 200 "),
          new Entry("docs/compression.md", "<dependency>", new Fate.Dependency()),
          beside("docs/control.md", "arbiterctl status", "arbiter app:App", "generation 2"),
          new Entry("docs/control.md", "{\"protocol\"", new Fate.Exchange("arbiter -w 2 app:App")),
          shown("docs/design.md", "worker-api ", "the layout of the sources"),
          serves("docs/develop.md", "arbiter --reload"),
          shown("docs/develop.md", "[20", "a recording, made by tests/develop"),
          new Entry("docs/embedding.md", "<dependency>", new Fate.Dependency()),
          by("docs/embedding.md", "<plugin>", "InitTest"),
          by("docs/embedding.md", "mvn compile exec:exec", "InitTest"),
          shown("docs/failures.md", "20", "a folder of evidence; IncidentTest looks into one"),
          by("docs/hooks.md", "package hooks;", "SnippetTest"),
          serves("docs/http2.md", "arbiter --certfile", "", "Hello"),
          shown("docs/memory.md", "Memory: ", "a line of the log, of another machine"),
          shown("docs/memory.md", "workers + spares", "a sum"),
          shown("docs/memory.md", "arbiterctl scale: refused", "an answer, of another machine"),
          serves("docs/metrics.md", "arbiter --status-bind", "", "\"workers_wanted\" : 1"),
          beside(
              "docs/metrics.md",
              "curl -s http://127.0.0.1:9000/status.json",
              "arbiter --status-bind 127.0.0.1:9000 app:App",
              "0"),
          serves("docs/middleware.md", "arbiter app:Main::create"),
          new Entry(
              "docs/proxies.md",
              "arbiter -b unix:/run/arbiter/app.sock",
              new Fate.Run(
                  List.of(),
                  "",
                  "",
                  List.of("/run/arbiter/", "RUN/"),
                  "curl -si --unix-socket RUN/app.sock http://a/",
                  " 200 ")),
          serves("docs/proxies.md", "arbiter -b 127.0.0.1:8000 --proxy", PREAMBLE, " 200 "),
          new Entry("docs/proxies.md", "secure-scheme-headers", new Fate.Toml()),
          shown("docs/robustness.md", "tests/", "a test itself, of many minutes"),
          serves(
              "docs/security.md",
              "arbiter --limit-request-body",
              "curl -si -H 'Content-Length: 20000000' http://127.0.0.1:8000/",
              " 413 "),
          serves(
              "docs/static-files.md",
              "arbiter --static",
              "curl -si http://127.0.0.1:8000/assets/css/site.css",
              " 200 "),
          new Entry("docs/static-files.md", "static = ", new Fate.Toml()),
          new Entry("docs/test-client.md", "<dependency>", new Fate.Dependency()),
          serves(
              "docs/tls.md",
              "arbiter --certfile cert.pem --keyfile key.pem -b :8443 app",
              HTTPS,
              " 200 "),
          serves("docs/tls.md", "arbiter --certfile cert.pem --keyfile key.pem -b :8443 --insec"),
          by("docs/tls.md", "ARBITER_SSL_KEYFILE_PASSWORD", "KeyPasswordTest"),
          new Entry(
              "docs/tls.md",
              "--sni",
              new Fate.Run(
                  List.of(),
                  "arbiter --certfile cert.pem --keyfile key.pem -b 127.0.0.1:8443 ",
                  " app:App",
                  List.of(),
                  HTTPS,
                  " 200 ")),
          serves("docs/tune.md", "arbiter -w 2"),
          new Entry(
              "docs/upgrade.md",
              "ln -sfn",
              new Fate.Run(
                  List.of(
                      "here=$(dirname $(dirname $(command -v arbiter))); mkdir -p /opt/arbiter; "
                          + "cp -r $here /opt/arbiter-0.2.0; ln -s $here /opt/arbiter/current",
                      "/opt/arbiter/current/bin/arbiter app:App"),
                  "",
                  "",
                  List.of("/opt/", "RUN/opt/"),
                  "true",
                  "/opt/arbiter-0.2.0 ")),
          by("docs/worker-kinds.md", "name=echo", "EchoKindTest"),
          shown("docs/worker-kinds.md", "target/worker-echo/", "names of files"),
          // Under systemd and in containers, which the other tests have not.
          shown("docs/deploy.md", "", ELSEWHERE + "the scripts in tests/host"),
          shown("docs/releases.md", "", ELSEWHERE + "the scripts in tests/host"),
          shown("docs/containers.md", "", ELSEWHERE + "the scripts in tests/host"));

  /**
   * What becomes of it.
   *
   * @throws AssertionError nobody has said
   */
  static Fate fate(Block block) {
    return TABLE.stream()
        .filter(entry -> entry.isFor(block))
        .map(Entry::fate)
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    block + ": DocumentedBlocks is to say how this is run, or why it is not"));
  }

  /** Entries that stand for no block of a document that is there. */
  static List<String> idle(List<Block> blocks) {
    return TABLE.stream()
        .filter(entry -> Files.exists(Command.REPO.resolve(entry.file())))
        .filter(entry -> !entry.begins().isEmpty() && blocks.stream().noneMatch(entry::isFor))
        .map(entry -> entry.file() + ": " + entry.begins())
        .toList();
  }

  /** All but Java. */
  static List<Block> all() throws IOException {
    List<Path> files = new ArrayList<>(List.of(Command.REPO.resolve("README.md")));
    try (Stream<Path> docs = Files.list(Command.REPO.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
    }
    List<Block> blocks = new ArrayList<>();
    for (Path file : files) {
      read(Command.REPO.relativize(file).toString(), Files.readAllLines(file), blocks);
    }
    blocks.removeIf(block -> block.language().equals("java"));
    return blocks;
  }

  private static void read(String file, List<String> lines, List<Block> into) {
    for (int i = 0; i < lines.size(); i++) {
      int begin = i;
      List<String> found = new ArrayList<>();
      String language = "";
      if (lines.get(i).startsWith("```")) {
        language = lines.get(i).substring(3);
        while (!lines.get(++i).startsWith("```")) {
          found.add(lines.get(i));
        }
      } else if (lines.get(i).startsWith("    ") && (i == 0 || lines.get(i - 1).isBlank())) {
        boolean isJava = lines.get(i).strip().startsWith("package ");
        while (i < lines.size()
            && (lines.get(i).startsWith("    ") || isJava && lines.get(i).isBlank())) {
          found.add(lines.get(i++).replaceFirst("^ {4}", ""));
        }
      }
      if (!found.isEmpty()) {
        into.add(new Block(file, begin + 1, language, found));
      }
    }
  }
}
