package app;

import dev.arbiter.app.RequestHead;
import jakarta.ws.rs.core.SecurityContext;
import java.io.InputStream;
import java.net.URI;
import java.security.Principal;
import org.glassfish.jersey.internal.MapPropertiesDelegate;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;
import org.jspecify.annotations.Nullable;

/** Starts Jersey, and makes its request of a worker's, in both contracts. */
final class Asked {
  private Asked() {}

  /** {@return Jersey, as the bridges need it} */
  static ApplicationHandler by(ResourceConfig resources) {
    return new ApplicationHandler(
        resources
            .register(CutOff.class)
            // Not to log, and answer by itself, what the worker is given to log and to answer.
            .property(ServerProperties.RESPONSE_SET_STATUS_OVER_SEND_ERROR, true));
  }

  /**
   * {@return what {@code handler} is to be given}
   *
   * @throws IllegalArgumentException the target is no URI, which resources are promised: that is
   *     stricter than what a worker lets pass
   */
  static ContainerRequest of(ApplicationHandler handler, RequestHead head, InputStream body) {
    String host = head.host().isEmpty() ? "localhost" : head.host();
    URI base = URI.create(head.scheme() + "://" + host + head.rootPath() + "/");
    String target = head.target().startsWith("/") ? head.target().substring(1) : "";
    ContainerRequest asked =
        new ContainerRequest(
            base,
            URI.create(base + target),
            head.method(),
            new Anonymous(head.scheme().equals("https")),
            new MapPropertiesDelegate(),
            handler.getConfiguration());
    head.headers().forEach((name, value) -> asked.headers(name, value));
    asked.setEntityStream(body);
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
