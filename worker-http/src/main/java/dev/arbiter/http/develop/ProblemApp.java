package dev.arbiter.http.develop;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerSettings;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Served in development in place of an app that does not compile or does not start: answers every
 * request with 500 and what is wrong, as a page for browsers and as text for everybody else. So the
 * version before is not taken for the one just saved.
 */
public final class ProblemApp implements BlockingApp {
  private final byte[] html;
  private final byte[] text;

  private ProblemApp(Problem problem) {
    html = ProblemPage.html(problem).getBytes(UTF_8);
    text = problem.text().getBytes(UTF_8);
  }

  /** Of an app that failed in this worker. */
  public static ProblemApp of(BootFailure failure, WorkerSettings settings) {
    StringWriter stack = new StringWriter();
    Throwable cause = failure.getCause();
    if (cause != null) {
      cause.printStackTrace(new PrintWriter(stack));
    }
    return new ProblemApp(
        Problem.of(
            String.valueOf(failure.getMessage()),
            stack.toString(),
            failure.hint(),
            roots(settings)));
  }

  /**
   * Of one that the arbiter could not give to a worker.
   *
   * @param file where it has written why
   */
  public static ProblemApp read(String file, WorkerSettings settings) throws IOException {
    return new ProblemApp(Problem.read(Path.of(file), roots(settings)));
  }

  private static List<Path> roots(WorkerSettings settings) {
    return settings
        .text("app-sources")
        .map(all -> Stream.of(all.split(File.pathSeparator)).map(Path::of).toList())
        .orElse(List.of());
  }

  @Override
  public Response handle(Request request) {
    boolean browser =
        request.headers().all("accept").stream().anyMatch(value -> value.contains("text/html"));
    Response response =
        browser
            ? Response.bytes("text/html; charset=utf-8", html)
                .withHeader(
                    "content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
            : Response.bytes("text/plain; charset=utf-8", text);
    return response
        .withStatus(500)
        .withHeader("cache-control", "no-store")
        .withHeader("vary", "accept");
  }
}
