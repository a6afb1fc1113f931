package dev.arbiter.app.middleware;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseFile;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** An async app whose answers are compressed, where it sends them. As concurrent as the app. */
final class CompressedAsync extends Wrapper implements AsyncApp {
  private final Compression compression;
  private final AsyncApp app;

  CompressedAsync(Compression compression, AsyncApp app) {
    super(app);
    this.compression = compression;
    this.app = app;
  }

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    if (!(scope instanceof HttpScope request)) {
      return app.handle(scope, receive, send);
    }
    Encoding encoding = new Encoding(compression, request, send);
    CompletionStage<Void> stage;
    try {
      stage = app.handle(scope, receive, encoding);
    } catch (Throwable thrown) {
      encoding.release();
      throw thrown;
    }
    return stage == null ? stage : stage.whenComplete((_, _) -> encoding.release());
  }

  /**
   * One response on its way. Its head waits for the first part of the body, as it does in a worker,
   * and the decision with it. One call at a time.
   */
  private static final class Encoding implements Send {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();
    private static final int PIECE = 64 * 1024;

    private final Compression compression;
    private final RequestHead request;
    private final Send send;
    private final ByteArrayOutputStream made = new ByteArrayOutputStream();
    private @Nullable ResponseStart start;
    private @Nullable OutputStream encoder;
    private boolean begun;
    private boolean headOnly;
    private volatile boolean released;

    Encoding(Compression compression, RequestHead request, Send send) {
      this.compression = compression;
      this.request = request;
      this.send = send;
    }

    @Override
    public CompletionStage<Void> send(SendEvent event) {
      CompletionStage<Void> sent = pass(event);
      return encoder == null ? sent : sent.whenComplete((_, failure) -> releaseIf(failure));
    }

    /** The client has gone, and the app may never come to its end. */
    private void releaseIf(@Nullable Throwable failure) {
      if (failure != null) {
        released = true;
        release();
      }
    }

    private CompletionStage<Void> pass(SendEvent event) {
      try {
        return switch (event) {
          case ResponseStart first when start == null -> {
            start = first;
            yield CompletableFuture.completedFuture(null);
          }
          case ResponseBody part when begins() -> begin(part);
          case ResponseBody part -> send.send(encoded(part));
          case ResponseFile file when begins() -> asItIs(file);
          case ResponseFile file when encoder != null -> encodeAside(file);
          case ResponseTrailers last when begins() -> asItIs(last);
          case ResponseTrailers last when encoder != null ->
              send.send(new ResponseBody(ByteBuffer.wrap(lastPart(NOTHING)), true))
                  .thenCompose(_ -> send.send(last));
          default -> send.send(event);
        };
      } catch (IOException failed) {
        return CompletableFuture.failedFuture(failed);
      }
    }

    private boolean begins() {
      return start != null && !begun;
    }

    private CompletionStage<Void> asItIs(SendEvent event) {
      ResponseStart first = Objects.requireNonNull(start);
      begun = true;
      return send.send(first).thenCompose(_ -> send.send(event));
    }

    private CompletionStage<Void> begin(ResponseBody part) throws IOException {
      ResponseStart first = Objects.requireNonNull(start);
      begun = true;
      boolean head = request.method().equals("HEAD");
      long declared = Compression.declaredLength(first.headers());
      long here = part.bytes().remaining();
      long length = part.more() ? declared : head ? Math.max(declared, here) : here;
      Compression.Plan plan = compression.plan(request, first.status(), first.headers(), length);
      ResponseStart plain = new ResponseStart(first.status(), plan.headers());
      if (plan.coding().isEmpty()) {
        return send.send(plain).thenCompose(_ -> send.send(part));
      }
      ResponseStart changed = new ResponseStart(first.status(), plan.encodedHeaders());
      if (head) {
        headOnly = true;
        return send.send(changed).thenCompose(_ -> send.send(emptied(part)));
      }
      encoder = plan.coding().get().encode(made);
      ResponseBody small = encoded(part);
      return !part.more() && small.bytes().remaining() >= here
          ? send.send(plain).thenCompose(_ -> send.send(part))
          : send.send(changed).thenCompose(_ -> send.send(small));
    }

    private ResponseBody encoded(ResponseBody part) throws IOException {
      if (headOnly || released) {
        return emptied(part);
      }
      if (encoder == null) {
        return part;
      }
      ByteBuffer bytes = part.bytes().duplicate();
      return new ResponseBody(
          ByteBuffer.wrap(part.more() ? nextPart(bytes) : lastPart(bytes)), part.more());
    }

    /** The worker would take its length for the body's, which is another. */
    private static ResponseBody emptied(ResponseBody part) {
      return new ResponseBody(NOTHING, part.more());
    }

    private byte[] nextPart(ByteBuffer bytes) throws IOException {
      OutputStream stream = write(bytes);
      stream.flush();
      return taken();
    }

    private byte[] lastPart(ByteBuffer bytes) throws IOException {
      OutputStream stream = write(bytes);
      stream.close();
      return taken();
    }

    private OutputStream write(ByteBuffer bytes) throws IOException {
      OutputStream stream = Objects.requireNonNull(encoder);
      if (bytes.hasArray()) {
        stream.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      } else {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        stream.write(copy);
      }
      return stream;
    }

    private byte[] taken() {
      byte[] bytes = made.toByteArray();
      made.reset();
      return bytes;
    }

    /** A file that follows other parts: read on a thread that may block. */
    private CompletionStage<Void> encodeAside(ResponseFile file) {
      CompletableFuture<Void> sent = new CompletableFuture<>();
      Thread.ofVirtual().start(() -> encode(file, sent));
      return sent;
    }

    // Whatever went wrong is what the stage fails with.
    @SuppressWarnings("CatchingUnchecked")
    private void encode(ResponseFile event, CompletableFuture<Void> sent) {
      Response.Body.File file = event.file();
      try (SeekableByteChannel channel = Files.newByteChannel(file.path())) {
        channel.position(file.offset());
        long left = file.length() < 0 ? channel.size() - file.offset() : file.length();
        boolean more = true;
        while (more) {
          ByteBuffer piece = ByteBuffer.allocate(Math.clamp(left, 0, PIECE));
          while (piece.hasRemaining() && channel.read(piece) >= 0) {}
          if (piece.hasRemaining()) {
            throw new IOException(file + " is shorter than it should be");
          }
          left -= piece.capacity();
          more = left > 0;
          send.send(encoded(new ResponseBody(piece.flip(), more || event.more())))
              .toCompletableFuture()
              .join();
        }
        sent.complete(null);
      } catch (CompletionException failed) {
        sent.completeExceptionally(failed.getCause() == null ? failed : failed.getCause());
      } catch (Throwable failed) {
        sent.completeExceptionally(failed);
      }
    }

    /** The app is done, well or not. */
    void release() {
      OutputStream stream = encoder;
      if (stream != null) {
        try {
          stream.close();
        } catch (IOException impossible) {
          throw new UncheckedIOException(impossible); // it writes to memory
        }
      }
    }
  }
}
