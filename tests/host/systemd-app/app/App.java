package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;

/** Says which process answers; slowly, if it is asked to. */
public final class App implements BlockingApp {
  @Override
  public Response handle(Request request) throws Exception {
    if (request.path().equals("/slow")) {
      System.out.println("slow begins");
      Thread.sleep(3000);
    }
    return Response.text(ProcessHandle.current().pid() + " " + System.getenv("NOTIFY_SOCKET") + "\n");
  }
}
