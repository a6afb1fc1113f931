package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Lifespan;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.glassfish.jersey.inject.hk2.AbstractBinder;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/** Resources of JAX-RS. */
public final class App extends JerseyApp {

  @Override
  ResourceConfig resources(Lifespan lifespan) {
    return new ResourceConfig(Greetings.class)
        .property(ServerProperties.WADL_FEATURE_DISABLE, true) // it would need JAXB
        .register(
            new AbstractBinder() {
              @Override
              protected void configure() {
                bind(lifespan).to(Lifespan.class);
              }
            });
  }

  /** One for each request. */
  @Path("/")
  @Produces(MediaType.TEXT_PLAIN)
  public static final class Greetings {
    private final int workerNr;

    /** Made by Jersey. */
    @Inject
    public Greetings(Lifespan lifespan) {
      workerNr = lifespan.workerNr();
    }

    /** Says which worker answers. */
    @GET
    public String home() {
      return "Hello from worker " + workerNr + "\n";
    }

    /** Takes a part of the path. */
    @GET
    @Path("hello/{name}")
    public String hello(@PathParam("name") String name) {
      return "Hello, " + name + "\n";
    }

    /** Part by part, as it comes. */
    @POST
    @Path("echo")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    public StreamingOutput echo(InputStream body) {
      return out -> {
        byte[] part = new byte[8192];
        for (int count = body.read(part); count >= 0; count = body.read(part)) {
          out.write(part, 0, count);
          out.flush();
        }
      };
    }

    /** Reads all of a body, and keeps nothing of it. */
    @POST
    @Path("size")
    public String size(InputStream body) throws IOException {
      return body.transferTo(OutputStream.nullOutputStream()) + " bytes\n";
    }

    /** Made as the client reads them. */
    @GET
    @Path("numbers/{count}")
    public StreamingOutput numbers(@PathParam("count") int count) {
      return out -> {
        for (int i = 0; i < count; i++) {
          out.write((i + "\n").getBytes(UTF_8));
        }
      };
    }

    /** Answers after it has returned. */
    @GET
    @Path("later")
    public void later(@Suspended AsyncResponse response) {
      Thread.ofVirtual().start(() -> response.resume("Hello, later\n"));
    }

    /** Nothing to say. */
    @POST
    @Path("nothing")
    public void nothing() {}
  }
}
