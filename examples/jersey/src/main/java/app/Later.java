package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Lifespan;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.glassfish.jersey.server.ChunkedOutput;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.server.ServerProperties;

/** Resources of JAX-RS that answer later. */
public final class Later extends AsyncJerseyApp {

  @Override
  ResourceConfig resources(Lifespan lifespan) {
    return new ResourceConfig(Posts.class)
        .property(ServerProperties.WADL_FEATURE_DISABLE, true); // it would need JAXB
  }

  /** One for all requests. */
  @Path("/")
  @Produces(MediaType.TEXT_PLAIN)
  @Singleton
  public static final class Posts {
    private final ConcurrentMap<String, AsyncResponse> waiting = new ConcurrentHashMap<>();

    /** A stage. */
    @GET
    @Path("hello/{name}")
    public CompletionStage<String> hello(@PathParam("name") String name) {
      return CompletableFuture.supplyAsync(() -> "Hello, " + name + "\n");
    }

    /** Waits for a {@link #post} to the same room; without a thread, and not for ever. */
    @GET
    @Path("rooms/{room}")
    public void next(@PathParam("room") String room, @Suspended AsyncResponse response) {
      response.setTimeout(30, TimeUnit.SECONDS);
      AsyncResponse before = waiting.put(room, response);
      if (before != null) {
        before.cancel();
      }
    }

    /** Answers who waits. */
    @POST
    @Path("rooms/{room}")
    public String post(@PathParam("room") String room, String text) {
      AsyncResponse response = waiting.remove(room);
      return response != null && response.resume(text) ? "heard\n" : "nobody is there\n";
    }

    /** Reads all of a body, and keeps nothing of it. */
    @POST
    @Path("size")
    public String size(InputStream body) throws IOException {
      return body.transferTo(OutputStream.nullOutputStream()) + " bytes\n";
    }

    /** Chunk by chunk, as the client reads them. */
    @GET
    @Path("numbers/{count}")
    public ChunkedOutput<byte[]> numbers(@PathParam("count") int count) {
      // Without a capacity it takes whatever it is given, while another thread waits for the
      // client.
      ChunkedOutput<byte[]> out =
          ChunkedOutput.<byte[]>builder(byte[].class).queueCapacity(4).build();
      Thread.startVirtualThread(() -> count(count, out));
      return out;
    }

    private static void count(int count, ChunkedOutput<byte[]> out) {
      try (out) {
        for (int i = 0; i < count; i++) {
          out.write((i + "\n").getBytes(UTF_8));
        }
      } catch (IOException _) {
        // The client has gone.
      }
    }

    /** Server-sent events. */
    @GET
    @Path("ticks")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void ticks(@Context SseEventSink sink, @Context Sse sse) {
      Thread.startVirtualThread(
          () -> {
            try (sink) {
              for (int i = 0; i < 10 && !sink.isClosed(); i++) {
                sink.send(sse.newEventBuilder().id("" + i).data("tick " + i).build());
                Thread.sleep(50);
              }
            } catch (IOException _) {
              // The client has gone.
            } catch (InterruptedException _) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }
}
