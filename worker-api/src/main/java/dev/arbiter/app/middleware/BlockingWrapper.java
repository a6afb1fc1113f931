package dev.arbiter.app.middleware;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** A blocking app behind a middleware. As concurrent as the app. */
final class BlockingWrapper extends Wrapper implements BlockingApp {
  private final Middleware middleware;
  private final BlockingApp app;

  BlockingWrapper(Middleware middleware, BlockingApp app) {
    super(app);
    this.middleware = middleware;
    this.app = app;
  }

  @Override
  public Response handle(Request request) throws Exception {
    Passage passage = middleware.enter(request);
    Optional<Response> answer = passage.answer();
    if (answer.isPresent()) {
      return answer.get();
    }
    Response response;
    try {
      response = app.handle(StateView.of(request, passage));
    } catch (Throwable thrown) {
      passage.ended(500, Optional.of(thrown));
      throw thrown;
    }
    if (response == null) {
      passage.ended(500, Optional.empty());
      return response;
    }
    int status = response.status();
    Response changed = response.withHeaders(passage.headers(status, response.headers()));
    boolean bodiless = request.method().equals("HEAD") || status == 204 || status == 304;
    if (bodiless || !(response.body() instanceof Response.Body.Stream stream)) {
      passage.ended(status, Optional.empty());
      return changed;
    }
    Response.Writer writer = out -> write(stream, out, passage, status);
    return changed.withBody(new Response.Body.Stream(writer));
  }

  private static void write(
      Response.Body.Stream stream, OutputStream out, Passage passage, int status)
      throws IOException {
    Throwable failure = null;
    try {
      stream.writer().writeTo(out);
    } catch (Throwable thrown) {
      failure = thrown;
      throw thrown;
    } finally {
      passage.ended(status, Optional.ofNullable(failure));
    }
  }
}
