package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.files.StaticFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;

/** Files below /assets, a page of the app's own, and the server's clock as events. */
public final class App implements BlockingApp {
  private static final String PAGE =
      """
      <!doctype html>
      <link rel="stylesheet" href="/assets/css/site.css">
      <h1>Files</h1>
      <p>The server's clock: <output></output></p>
      <script>
        new EventSource("/clock").onmessage =
            (event) => document.querySelector("output").value = event.data;
      </script>
      """;

  private final StaticFiles files =
      StaticFiles.of(Path.of("public")).under("/assets").cacheControl("max-age=60");

  @Override
  public Response handle(Request request) throws IOException {
    if (files.covers(request)) {
      return files.handle(request);
    }
    return switch (request.path()) {
      case "/" -> Response.bytes("text/html; charset=utf-8", PAGE.getBytes(UTF_8));
      case "/clock" -> clock(request);
      default -> Response.text("Not here\n").withStatus(404);
    };
  }

  private static Response clock(Request request) {
    return Response.events(
        events -> {
          while (true) {
            request.extendDeadline(Duration.ofSeconds(30));
            events.send(LocalTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
            Thread.sleep(Duration.ofSeconds(1));
          }
        });
  }
}
