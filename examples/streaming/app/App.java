package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** Ten lines, half a second apart: each {@code flush} sends what there is. */
public final class App implements BlockingApp {
  @Override
  public Response handle(Request request) {
    return Response.stream("text/plain; charset=utf-8", App::tick);
  }

  private static void tick(OutputStream out) throws IOException {
    for (int i = 1; i <= 10; i++) {
      out.write(("line " + i + " of 10\n").getBytes(UTF_8));
      out.flush();
      if (i < 10) {
        pause();
      }
    }
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted between two lines");
    }
  }
}
