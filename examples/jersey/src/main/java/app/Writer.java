package app;

import dev.arbiter.app.Headers;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.glassfish.jersey.server.ContainerException;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.spi.ContainerResponseWriter;
import org.jspecify.annotations.Nullable;

/** Takes Jersey's response, also one that comes after its resource has returned. Any thread. */
final class Writer implements ContainerResponseWriter {
  private final HandOver over;
  private final AtomicLong suspension = new AtomicLong();
  private volatile @Nullable TimeoutHandler late;

  Writer(HandOver over) {
    this.over = over;
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
    over.start(new HandOver.Head(response.getStatus(), headers));
    return over;
  }

  @Override
  public boolean suspend(long time, TimeUnit unit, @Nullable TimeoutHandler handler) {
    late = handler;
    setSuspendTimeout(time, unit);
    return true;
  }

  /** Zero: for as long as it takes. A later call counts in place of the earlier. */
  @Override
  public void setSuspendTimeout(long time, TimeUnit unit) {
    long nr = suspension.incrementAndGet();
    TimeoutHandler handler = late;
    if (time > 0 && handler != null) {
      Executor later = CompletableFuture.delayedExecutor(time, unit);
      later.execute(
          () -> {
            if (suspension.get() == nr) {
              handler.onTimeout(this);
            }
          });
    }
  }

  @Override
  public void commit() {
    suspension.incrementAndGet();
    over.end(null);
  }

  @Override
  public void failure(Throwable error) {
    suspension.incrementAndGet();
    over.end(error);
  }

  @Override
  public boolean enableResponseBuffering() {
    return true; // small ones go out with their length
  }
}
