package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/** Says which process answers; starts and answers slowly, if it is asked to. */
public final class App implements BlockingApp {
  @Override
  public void startup(Lifespan lifespan) throws Exception {
    Thread.sleep(millis("START_MILLIS", 0));
  }

  @Override
  public Response handle(Request request) throws Exception {
    if (request.path().equals("/slow")) {
      System.out.println("slow begins");
      Thread.sleep(millis("SLOW_MILLIS", 3000));
    }
    return Response.text(ProcessHandle.current().pid() + " " + System.getenv("NOTIFY_SOCKET") + "\n");
  }

  private static long millis(String variable, long otherwise) {
    String given = System.getenv(variable);
    return given == null ? otherwise : Long.parseLong(given);
  }
}
