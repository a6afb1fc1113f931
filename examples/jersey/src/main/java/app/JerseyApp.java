package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import jakarta.ws.rs.core.SecurityContext;
import java.net.URI;
import java.security.Principal;
import java.util.concurrent.ExecutionException;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
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
    handler = new ApplicationHandler(resources(lifespan));
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
      asked = asked(started, request);
    } catch (IllegalArgumentException _) {
      // Resources are promised a URI, which is stricter than a request target.
      return Response.of(400);
    }
    HandOver over = new HandOver();
    asked.setWriter(new Writer(over));
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

  private static ContainerRequest asked(ApplicationHandler handler, Request request) {
    String host = request.host().isEmpty() ? "localhost" : request.host();
    URI base = URI.create(request.scheme() + "://" + host + request.rootPath() + "/");
    String target = request.target().startsWith("/") ? request.target().substring(1) : "";
    ContainerRequest asked =
        new ContainerRequest(
            base,
            URI.create(base + target),
            request.method(),
            new Anonymous(request.scheme().equals("https")),
            new MapPropertiesDelegate(),
            handler.getConfiguration());
    Headers headers = request.headers();
    headers.forEach((name, value) -> asked.headers(name, value));
    asked.setEntityStream(request.body());
    return asked;
  }

  private record Anonymous(boolean isSecure) implements SecurityContext {
    @Override
    public @Nullable Principal getUserPrincipal() {
      return null;
    }

    @Override
    public boolean isUserInRole(String role) {
      return false;
    }

    @Override
    public @Nullable String getAuthenticationScheme() {
      return null;
    }
  }
}
