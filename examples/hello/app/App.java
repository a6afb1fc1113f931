package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/** The smallest app: says which worker answered. */
public final class App implements BlockingApp {
  private final String greeting = "Hello from worker " + ProcessHandle.current().pid() + "\n";

  @Override
  public Response handle(Request request) {
    return Response.text(greeting);
  }
}
