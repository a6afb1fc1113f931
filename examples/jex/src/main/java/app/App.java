package app;

import com.sun.net.httpserver.HttpHandler;
import io.avaje.jex.Jex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Routes of Jex; {@code app:App::app} on the command line. */
public final class App {
  private App() {}

  /** The routes. */
  public static HttpHandler app() {
    return JexHandler.of(
        Jex.create()
            .get(
                "/",
                ctx -> ctx.text("Hello from worker " + System.getenv("ARBITER_WORKER_NR") + "\n"))
            .get("/hello/{name}", ctx -> ctx.text("Hello, " + ctx.pathParam("name") + "\n"))
            .get(
                "/numbers/{count}",
                ctx -> {
                  int count = Integer.parseInt(ctx.pathParam("count"));
                  try (OutputStream out = ctx.outputStream()) {
                    for (int i = 0; i < count; i++) {
                      out.write((i + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                    }
                  }
                })
            .post("/size", ctx -> ctx.text(ctx.bodyAsBytes().length + " bytes\n"))
            .post("/echo", ctx -> echo(ctx.bodyAsInputStream(), ctx.outputStream()))
            .get(
                "/fails",
                _ -> {
                  throw new IllegalStateException("no more tea");
                })
            .error(
                IllegalStateException.class,
                (ctx, failure) -> ctx.status(503).text(failure.getMessage() + "\n")));
  }

  /** Part by part, as it comes. */
  private static void echo(InputStream body, OutputStream out) throws IOException {
    try (out) {
      byte[] part = new byte[8192];
      for (int count = body.read(part); count >= 0; count = body.read(part)) {
        out.write(part, 0, count);
        out.flush();
      }
    }
  }
}
