package app;

import dev.arbiter.app.Headers;
import jakarta.ws.rs.container.AsyncResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.glassfish.jersey.server.ChunkedOutput;
import org.glassfish.jersey.server.ContainerException;
import org.glassfish.jersey.server.ContainerRequest;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.spi.ContainerResponseWriter;
import org.jspecify.annotations.Nullable;

/** Takes Jersey's response, also one that comes after its resource has returned. Any thread. */
final class Writer implements ContainerResponseWriter {
  private final Outlet outlet;
  private final AtomicLong suspension = new AtomicLong();
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile boolean started;
  private volatile @Nullable Throwable cut;
  private volatile @Nullable TimeoutHandler late;

  private Writer(Outlet outlet) {
    this.outlet = outlet;
  }

  static Writer of(Outlet outlet) {
    return new Writer(outlet);
  }

  /** Is what {@code asked} is answered through. */
  void takes(ContainerRequest asked) {
    asked.setWriter(this);
    asked.setProperty(CutOff.WRITER, this);
  }

  @Override
  public OutputStream writeResponseStatusAndHeaders(long length, ContainerResponse response)
      throws ContainerException {
    List<String> fields = new ArrayList<>();
    response
        .getStringHeaders()
        .forEach(
            (name, values) ->
                values.forEach(
                    value -> {
                      fields.add(name);
                      fields.add(value);
                    }));
    Headers headers = Headers.of(fields.toArray(String[]::new));
    if (length >= 0 && !headers.contains("content-length") && response.getStatus() != 204) {
      headers = headers.with("content-length", Long.toString(length));
    }
    started = true;
    OutputStream body = outlet.start(response.getStatus(), headers);
    if (response.getEntity() instanceof ChunkedOutput<?> chunks) {
      outlet.waits(() -> close(chunks));
      try {
        body.flush(); // a browser's EventSource is open when it has the head, not the first event
      } catch (IOException _) {
        // The client has gone: who writes is told.
      }
    }
    return body;
  }

  /** Of server-sent events, too. Who made it finds {@code isClosed()}, or a write that fails. */
  private static void close(ChunkedOutput<?> chunks) {
    try {
      chunks.close();
    } catch (IOException | IllegalStateException _) {
      // What it still held is for nobody; or Jersey has been shut down meanwhile.
    }
  }

  @Override
  public boolean suspend(long time, TimeUnit unit, @Nullable TimeoutHandler handler) {
    late = handler;
    setSuspendTimeout(time, unit);
    // Jersey's own class is both; its interface for containers has no other way to the response.
    if (handler instanceof AsyncResponse response) {
      outlet.waits(() -> cancel(response));
    }
    return true;
  }

  private static void cancel(AsyncResponse response) {
    try {
      response.cancel();
    } catch (IllegalStateException _) {
      // Jersey has been shut down meanwhile.
    }
  }

  /** Zero: for as long as it takes. A later call counts in place of the earlier. */
  @Override
  public void setSuspendTimeout(long time, TimeUnit unit) {
    long nr = suspension.incrementAndGet();
    TimeoutHandler handler = late;
    if (time > 0 && handler != null) {
      // What answers then may wait for the client: not on a thread that is shared.
      Executor later = CompletableFuture.delayedExecutor(time, unit, Thread::startVirtualThread);
      later.execute(
          () -> {
            if (suspension.get() == nr) {
              handler.onTimeout(this);
            }
          });
    }
  }

  /** The body failed; if nothing of it was sent, a mapper may have another answer. */
  void cut(Throwable thrown) {
    if (started) {
      cut = thrown;
    }
  }

  @Override
  public void commit() {
    end(cut);
  }

  @Override
  public void failure(Throwable error) {
    end(error);
  }

  /** Once: after a failure Jersey still sends what its default mapper makes of it. */
  private void end(@Nullable Throwable thrown) {
    suspension.incrementAndGet();
    if (ended.compareAndSet(false, true)) {
      outlet.end(thrown);
    }
  }

  @Override
  public boolean enableResponseBuffering() {
    return true; // small ones go out with their length
  }
}
