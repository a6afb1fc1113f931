package dev.arbiter.tests;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Small apps, written into a folder as the source {@code app/App.java} or as classes. */
final class SourceApp {
  private SourceApp() {}

  /** Writes {@code folder/app/App.java}. */
  static Path write(Path folder, String source) throws IOException {
    Path file = folder.resolve("app/App.java");
    Files.createDirectories(file.getParent());
    return Files.writeString(file, source);
  }

  /**
   * A blocking app that answers {@code body}, a Java expression of type String. It has what {@link
   * Load} asks for: {@code /pid}, {@code /echo} and a WebSocket at {@code /ws}.
   */
  static String blocking(String body) {
    return blocking(body, "");
  }

  /**
   * @param members more members of the class
   */
  static String blocking(String body, String members) {
    return """
    package app;

    import dev.arbiter.app.BlockingApp;
    import dev.arbiter.app.Lifespan;
    import dev.arbiter.app.Notice;
    import dev.arbiter.app.Request;
    import dev.arbiter.app.Response;
    import dev.arbiter.app.WebSocket;

    public final class App implements BlockingApp {
      %s

      @Override
      public Response handle(Request request) throws Exception {
        if (request.path().equals("/pid")) {
          return Response.text(Long.toString(ProcessHandle.current().pid()));
        }
        if (request.path().equals("/echo")) {
          return Response.bytes("text/plain", request.body().readAllBytes());
        }
        if (request.path().equals("/ws")) {
          return Response.webSocket(socket -> echo(socket));
        }
        return Response.text(%s);
      }

      private static void echo(WebSocket socket) throws Exception {
        String pid = ProcessHandle.current().pid() + " ";
        while (socket.receive() instanceof WebSocket.Message.Text(String text)) {
          socket.sendText(pid + text);
        }
      }
    }
    """
        .formatted(members, body);
  }

  /** Compiles {@code source}, the class {@code app.App}, into a class folder. */
  static Path compile(Path folder, String source) throws IOException {
    return compile(folder.resolve("classes"), List.of(write(folder.resolve("sources"), source)));
  }

  /** Compiles these sources into a class folder. */
  static Path compile(Path classes, List<Path> sources) throws IOException {
    Files.createDirectories(classes);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      StringWriter messages = new StringWriter();
      boolean done =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-d", classes.toString(), "-cp", api()),
                  null,
                  files.getJavaFileObjects(sources.toArray(Path[]::new)))
              .call();
      if (!done) {
        throw new IllegalArgumentException(messages.toString());
      }
    }
    return classes;
  }

  /** The class path of the app interfaces, from the distribution. */
  private static String api() throws IOException {
    try (Stream<Path> jars = Files.list(Command.HOME.resolve("lib/worker-api"))) {
      return String.join(":", jars.map(Path::toString).toList());
    }
  }
}
