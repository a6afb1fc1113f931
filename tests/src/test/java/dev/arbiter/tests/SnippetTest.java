package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every Java snippet of README and the documents compiles against the API: as a file, as members of
 * a class or as statements, whatever it is. What a snippet takes for granted stands in {@link
 * #GIVEN}.
 */
@Tag("slow")
final class SnippetTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\n(.*?)^```");

  /** README shows its app as an indented block. */
  private static final Pattern INDENTED = Pattern.compile("(?m)(?:^ {4}.*\n|^\n)+");

  private static final String IMPORTS =
      """
      import static java.nio.charset.StandardCharsets.UTF_8;
      import static org.assertj.core.api.Assertions.assertThat;
      import dev.arbiter.app.*;
      import dev.arbiter.app.ReceiveEvent.*;
      import dev.arbiter.app.SendEvent.*;
      import dev.arbiter.app.files.*;
      import dev.arbiter.app.middleware.*;
      import dev.arbiter.compression.*;
      import dev.arbiter.embedded.*;
      import dev.arbiter.testing.*;
      import java.io.*;
      import java.net.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      import java.util.concurrent.*;
      import org.junit.jupiter.api.*;
      """;

  /** Apps and libraries of the reader's own. */
  private static final String GIVEN =
      IMPORTS
          + """
          class App implements BlockingApp {
            public Response handle(Request request) { return Response.text(""); }
          }
          class Shop extends App {}
          interface Framework {
            static Framework boot(Map<String, Object> state) { return null; }
            Response dispatch(String method, String path, InputStream body);
            void close();
          }
          class Given {
            TestClient client;
            byte[] part;
            Response page(Request request) { return Response.text(""); }
            static CompletionStage<Void> notFound(Send send) { return null; }
            static CompletionStage<Void> echo(Receive receive, Send send) { return null; }
          }
          """;

  @TempDir Path out;

  record Snippet(String place, String text) {
    @Override
    public String toString() {
      return place;
    }
  }

  static List<Snippet> snippets() throws IOException {
    List<Path> files = new ArrayList<>(List.of(Command.REPO.resolve("README.md")));
    try (Stream<Path> docs = Files.list(Command.REPO.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
    }
    List<Snippet> snippets = new ArrayList<>();
    for (Path file : files) {
      String text = Files.readString(file);
      Matcher blocks = BLOCK.matcher(text);
      while (blocks.find()) {
        snippets.add(
            new Snippet(
                file.getFileName() + ":" + (1 + text.substring(0, blocks.start()).lines().count()),
                blocks.group(1)));
      }
      Matcher indented = INDENTED.matcher(text);
      while (indented.find()) {
        if (indented.group().stripLeading().startsWith("package ")) {
          snippets.add(
              new Snippet(
                  file.getFileName() + ", an app",
                  indented.group().replaceAll("(?m)^ {4}", "").strip() + "\n"));
        }
      }
    }
    assertThat(snippets).hasSizeGreaterThan(10);
    return snippets;
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void compiles(Snippet snippet) throws IOException {
    String text = snippet.text().replaceAll("(?m)^\\s*\\.\\.\\.\\s*$", "");
    List<String> complaints = new ArrayList<>();
    for (String form :
        text.startsWith("package ")
            ? List.of(text)
            : List.of(
                IMPORTS + text,
                IMPORTS + "class Members extends Given {\n" + text + "}",
                IMPORTS
                    + "class Body extends Given {\nvoid run() throws Exception {\n"
                    + text
                    + "}}")) {
      String failure = compile(form);
      if (failure.isEmpty()) {
        return;
      }
      complaints.add(failure);
    }
    throw new AssertionError(String.join("\n-----\n", complaints));
  }

  private String compile(String source) throws IOException {
    Matcher type =
        Pattern.compile("(?m)^public (?:final )?(?:class|record|interface) (\\w+)").matcher(source);
    String name = type.find() ? type.group(1) : "Snippet";
    List<JavaFileObject> sources = new ArrayList<>(List.of(file(name, source)));
    // The name is free for an app of the snippet's own, or for the interface.
    sources.add(
        file(
            "Stubs",
            !source.contains("new App(") && !source.contains("App.class")
                ? GIVEN
                    .replace("class App ", "class App1 ")
                    .replace("extends App ", "extends App1 ")
                : GIVEN));
    StringWriter messages = new StringWriter();
    boolean done =
        ToolProvider.getSystemJavaCompiler()
            .getTask(
                messages,
                null,
                null,
                List.of("-proc:none", "-d", out.toString(), "-cp", classPath()),
                null,
                sources)
            .call();
    return done ? "" : messages.toString();
  }

  private static JavaFileObject file(String name, String text) {
    return new SimpleJavaFileObject(
        URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  /** What is installed, and the library that is not, as it was built. */
  private static String classPath() throws IOException {
    List<Path> jars = new ArrayList<>();
    try (Stream<Path> installed = Files.walk(Command.HOME.resolve("lib"))) {
      installed.filter(file -> file.toString().endsWith(".jar")).forEach(jars::add);
    }
    jars.add(Command.REPO.resolve("embedded/target/classes"));
    return jars.stream().map(Path::toString).collect(Collectors.joining(":"))
        + ":"
        + System.getProperty("java.class.path");
  }
}
