package app;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.glassfish.jersey.server.ApplicationHandler;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ResourceConfig;
import org.jspecify.annotations.Nullable;

/**
 * Runs resources of JAX-RS over the async contract, for those that answer later: an {@code
 * AsyncResponse}, a {@code CompletionStage}, chunks, server-sent events. One that waits has no
 * thread, and is told when its client leaves.
 *
 * <p>Jersey reads and writes by streams, which wait, so a resource is called on a virtual thread of
 * its own; it returns, and the thread ends. The event loop does nothing but hand over.
 */
abstract class AsyncJerseyApp implements AsyncApp {
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
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    ApplicationHandler started = handler;
    if (!(scope instanceof HttpScope http) || started == null) {
      return CompletableFuture.completedStage(null); // a WebSocket is refused
    }
    Incoming incoming = new Incoming(receive);
    ContainerRequest asked;
    try {
      asked = Asked.of(started, http, incoming);
    } catch (IllegalArgumentException _) {
      return refuse(send);
    }
    Outgoing outgoing = new Outgoing(send, incoming, http.headers().contains("expect"));
    Writer writer = Writer.of(outgoing);
    writer.takes(asked);
    Thread.ofVirtual().name("jersey").start(() -> run(started, asked, writer, outgoing));
    return outgoing.done();
  }

  // What a resource throws and no mapper maps reaches the worker, which logs it.
  @SuppressWarnings("CatchingUnchecked")
  private static void run(
      ApplicationHandler handler, ContainerRequest request, Writer writer, Outgoing outgoing) {
    try {
      handler.handle(request);
    } catch (Throwable thrown) {
      writer.failure(thrown);
    } finally {
      outgoing.returned();
    }
  }

  private static CompletionStage<Void> refuse(Send send) {
    return send.send(new SendEvent.ResponseStart(400, Headers.empty()))
        .thenCompose(_ -> send.send(new SendEvent.ResponseBody(ByteBuffer.allocate(0), false)));
  }
}
