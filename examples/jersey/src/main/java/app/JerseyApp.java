package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.util.concurrent.ExecutionException;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ResourceConfig;
import org.jspecify.annotations.Nullable;

/**
 * Runs resources of JAX-RS. Jersey pushes its response, while an app returns one: so each request
 * has a second virtual thread, on which Jersey runs, and its response is handed over in parts.
 */
abstract class JerseyApp implements BlockingApp {
  private @Nullable ApplicationHandler handler;

  /** Says what is served, when the worker starts. */
  abstract ResourceConfig resources(Lifespan lifespan);

  @Override
  public void startup(Lifespan lifespan) {
    handler = Asked.by(resources(lifespan));
  }

  @Override
  public void shutdown() {
    ApplicationHandler started = handler;
    if (started != null) {
      started.onShutdown(null);
    }
  }

  @Override
  public Response handle(Request request) throws Exception {
    ApplicationHandler started = handler;
    if (started == null) {
      throw new IllegalStateException("The app was not started.");
    }
    ContainerRequest asked;
    try {
      asked = Asked.of(started, request, request.body());
    } catch (IllegalArgumentException _) {
      // Resources are promised a URI, which is stricter than a request target.
      return Response.of(400);
    }
    HandOver over = new HandOver();
    Writer.of(over).takes(asked);
    Thread.ofVirtual().name("jersey").start(() -> run(started, asked, over));
    HandOver.Head head;
    try {
      head = over.head().get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof Exception cause ? cause : failed;
    }
    int status = head.status();
    if (status == 204 || status == 304 || request.method().equals("HEAD")) {
      over.abandon(); // there is no body, and nobody would read it
    }
    return new Response(status, head.headers(), new Response.Body.Stream(over::copyTo));
  }

  // What a resource throws and no mapper maps reaches the worker, which logs it.
  @SuppressWarnings("CatchingUnchecked")
  private static void run(ApplicationHandler handler, ContainerRequest request, HandOver over) {
    try {
      handler.handle(request);
    } catch (Throwable thrown) {
      over.end(thrown);
    }
  }
}
