package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/**
 * The app of bench/change. Each release of it is this file with another word in place of {@code
 * good}; what a release does wrong is written here.
 */
public final class App implements BlockingApp {
  private static final String RELEASE = "good";
  private static final long SERVICE_MILLIS = 20;
  private static final long SLOW_BOOT_MILLIS = 3000;

  private final String signature = RELEASE + " " + ProcessHandle.current().pid() + " ";

  public App() throws InterruptedException {
    switch (RELEASE) {
      case "slow" -> Thread.sleep(SLOW_BOOT_MILLIS);
      case "throwing" -> throw new IllegalStateException("no database");
      case "hanging" -> Thread.sleep(Long.MAX_VALUE);
      default -> {} // one that boots at once
    }
  }

  /** Says who answers, and which request, so that no answer can be taken for that of another. */
  @Override
  public Response handle(Request request) throws InterruptedException {
    switch (request.path()) {
      case "/work" -> Thread.sleep(SERVICE_MILLIS);
      case "/now" -> {}
      case "/health" -> {
        return Response.of(RELEASE.equals("unhealthy") ? 500 : 204);
      }
      default -> {
        return Response.of(404);
      }
    }
    return Response.text(signature + request.query() + "\n");
  }
}
