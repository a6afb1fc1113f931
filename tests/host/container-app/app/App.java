package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says who runs it, answers slowly, or leaves a process behind that ends at once. */
public final class App implements BlockingApp {
  @Override
  public Response handle(Request request) throws Exception {
    return switch (request.path()) {
      case "/slow" -> {
        System.out.println("slow begins");
        Thread.sleep(3000);
        yield Response.text("slow\n");
      }
      case "/orphan" ->
          Response.text(
              new ProcessBuilder("sh", "-c", "sleep 0.1 & exit 7").start().waitFor() + "\n");
      case "/status" -> Response.text(Files.readString(Path.of("/proc/self/status")));
      case "/write" -> {
        try {
          Files.writeString(Path.of("/srv/app/file"), "");
          yield Response.text("written\n");
        } catch (java.io.IOException e) {
          yield Response.text(e + "\n");
        }
      }
      default -> Response.text(ProcessHandle.current().pid() + "\n");
    };
  }
}
