package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/** Answers every request. Each worker has one, and calls it from many threads at once. */
public final class App implements BlockingApp {
  @Override
  public Response handle(Request request) {
    return request.path().equals("/health")
        ? Response.text("ok\n")
        : Response.text("Hello from " + request.path() + "\n");
  }
}
