package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/**
 * Sends the request's body back while it arrives: the body stream stays readable until the response
 * is written, and neither side is held in memory.
 */
public final class App implements BlockingApp {
  @Override
  public Response handle(Request request) {
    String type = request.headers().first("content-type").orElse("application/octet-stream");
    return Response.stream(type, out -> request.body().transferTo(out));
  }
}
