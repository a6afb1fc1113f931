package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.http.OpenFile;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of an exchange. {@link #send} may be called from any thread; the rest is on the
 * connection's loop.
 *
 * <p>The head waits for the first part of the body, which may be the last one and then decides the
 * length; a small response is one buffer and one write. A large part is copied piece by piece, as
 * the connection has room, so that no response needs more memory than the room.
 */
final class Outbox implements Send {
  /** Completed, and the same object for all who need not wait. */
  static final CompletionStage<Void> SENT = CompletableFuture.completedStage(null);

  /** A body of no more goes out with its head. */
  private static final int PIECE = 64 * 1024;

  private final Exchange exchange;
  private int status;
  private @Nullable Headers headers;
  private boolean started;
  private boolean done;
  private boolean mustClose;
  private boolean keepAlive;
  private Framing framing = Framing.NONE;
  private long announced = -1;
  private long declared;
  private long sent;
  private long bytes;
  private @Nullable ByteBuffer current;
  private boolean more = true;
  private boolean pumping;
  private boolean sendingFile;
  private boolean endWritten;

  /** Encoded, with the last chunk before them; null if there are none. */
  private byte @Nullable [] trailers;

  private @Nullable CompletableFuture<Void> waiter;

  Outbox(Exchange exchange) {
    this.exchange = exchange;
  }

  /** The exchange whose response it sends. */
  Exchange exchange() {
    return exchange;
  }

  /** Whether nothing is left to wait for. A stage cannot be asked, but this one is known. */
  @SuppressWarnings("ReferenceEquality")
  static boolean isSent(CompletionStage<Void> stage) {
    return stage == SENT;
  }

  /** Whether the head was written. */
  boolean started() {
    return started;
  }

  /** Whether the last part was given, even if it still waits for room. */
  boolean ending() {
    return !more;
  }

  /** Whether the app waits for room. */
  boolean waits() {
    return waiter != null;
  }

  /** Whether only a reset can tell the client that the response was cut. */
  boolean endsWithConnection() {
    return framing == Framing.UNTIL_CLOSE;
  }

  int status() {
    return status;
  }

  /** Of head and body, with framing. */
  long bytes() {
    return bytes;
  }

  /** Of the body alone. */
  long sent() {
    return sent;
  }

  Headers headers() {
    return headers == null ? Headers.empty() : headers;
  }

  @Override
  public CompletionStage<Void> send(SendEvent event) {
    if (exchange.stream().loop().executor().inEventLoop()) {
      return take(event);
    }
    CompletableFuture<Void> stage = new CompletableFuture<>();
    Runnable task =
        () -> {
          CompletionStage<Void> taken = take(event);
          if (isSent(taken)) {
            stage.complete(null);
          } else {
            taken.whenComplete((_, failure) -> settle(stage, failure));
          }
        };
    if (!exchange.stream().loop().tryExecute(task)) {
      stage.completeExceptionally(new ClientGone("the worker has stopped"));
    }
    return stage;
  }

  private static void settle(CompletableFuture<Void> stage, @Nullable Throwable failure) {
    if (failure == null) {
      stage.complete(null);
    } else {
      stage.completeExceptionally(failure);
    }
  }

  private CompletionStage<Void> take(SendEvent event) {
    ClientGone refused = exchange.inbox().failure();
    if (refused != null) {
      return CompletableFuture.failedFuture(refused); // the worker has answered instead
    }
    return switch (event) {
      case SendEvent.ResponseStart start -> {
        if (headers != null) {
          yield misused("a second response was started");
        }
        status = exchange.answering(start.status());
        headers = start.headers();
        yield SENT;
      }
      case SendEvent.Informational interim -> inform(interim);
      case SendEvent.ResponseBody body -> part(body.bytes().duplicate(), body.more());
      case SendEvent.ResponseTrailers last -> end(last.trailers());
      case SendEvent.ResponseFile file -> {
        boolean whole = !started && !file.more();
        CompletableFuture<Void> stage = new CompletableFuture<>();
        exchange.stream()
            .loop()
            .startAside(() -> settle(stage, FileBody.tryWrite(this, file, whole)));
        yield stage;
      }
      default -> misused("a WebSocket's event was sent where the client asked for none");
    };
  }

  private CompletionStage<Void> inform(SendEvent.Informational interim) {
    if (headers != null) {
      return misused("an interim response was sent after the response was started");
    }
    if (exchange.gone()) {
      return CompletableFuture.failedFuture(new ClientGone("the client has gone"));
    }
    HttpStream stream = exchange.stream();
    ResponseHead head = stream.loop().responseHead();
    try {
      head.encodeInformational(interim.status(), interim.headers());
    } catch (IllegalArgumentException invalid) {
      return CompletableFuture.failedFuture(invalid);
    }
    if (exchange.head().takesInformational()) {
      bytes += stream.writeInformational(head);
      stream.flushSoon();
    }
    if (stream.writable()) {
      return SENT;
    }
    CompletableFuture<Void> stage = new CompletableFuture<>();
    waiter = stage;
    return stage;
  }

  private CompletionStage<Void> end(Headers fields) {
    if (exchange.head().takesTrailers()) {
      ResponseHead head = exchange.stream().loop().responseHead();
      try {
        head.encodeTrailers(fields);
      } catch (IllegalArgumentException invalid) {
        return CompletableFuture.failedFuture(invalid);
      }
      trailers = Arrays.copyOf(head.bytes(), head.length());
    }
    return part(ByteBuffer.allocate(0), false);
  }

  private static CompletionStage<Void> misused(String what) {
    return CompletableFuture.failedFuture(new IllegalStateException("The app erred: " + what));
  }

  /** Sends a whole response. */
  CompletionStage<Void> respond(int newStatus, Headers newHeaders, byte[] body) {
    status = exchange.answering(newStatus);
    headers = newHeaders;
    announced = -1; // of what failed before
    trailers = null;
    return part(ByteBuffer.wrap(body), false);
  }

  /** Sends the worker's own response in place of the app's, of which nothing was written. */
  void replace(Response response, boolean close) {
    mustClose = close;
    respond(response.status(), response.headers(), ((Response.Body.Bytes) response.body()).bytes());
  }

  /**
   * The whole body will be this long: else one in parts is sent in chunks. Any thread, before the
   * first part.
   */
  void announce(long length) {
    exchange.stream().loop().executor().execute(() -> announced = length);
  }

  /**
   * Sends a file's part, which is the whole body, without copying it. Any thread; the file is
   * closed in any case.
   *
   * @return completes when all of it was given to the system
   */
  CompletionStage<Void> sendFile(OpenFile file) {
    CompletableFuture<Void> stage = new CompletableFuture<>();
    exchange.stream()
        .loop()
        .executor()
        .execute(() -> takeFile(file).whenComplete((_, failure) -> settle(stage, failure)));
    return stage;
  }

  private CompletionStage<Void> takeFile(OpenFile file) {
    long count = file.left();
    FileRegion region = new DefaultFileRegion(file.channel(), file.position(), count);
    CompletionStage<Void> refused = outOfOrder();
    if (refused == null) {
      try {
        start(Objects.requireNonNull(headers), count, ByteBuffer.allocate(0), false);
      } catch (IllegalArgumentException | IllegalStateException invalid) {
        headers = null;
        refused = CompletableFuture.failedFuture(invalid);
      }
    }
    if (refused != null) {
      region.release();
      return refused;
    }
    more = false;
    if (framing == Framing.NONE) {
      region.release();
      pump();
      return SENT;
    }
    CompletableFuture<Void> stage = new CompletableFuture<>();
    waiter = stage;
    sendingFile = true;
    region.retain(); // so that the file can still be asked
    exchange.stream()
        .writeFile(region)
        .addListener(
            written -> {
              fileSent(file, region, written.cause());
              region.release();
            });
    exchange.stream().flushSoon();
    return stage;
  }

  private void fileSent(OpenFile file, FileRegion region, @Nullable Throwable failure) {
    sendingFile = false;
    sent += region.transferred();
    bytes += region.transferred();
    if (failure == null) {
      pump();
    } else if (isShorter(file, region)) {
      exchange.fileFailed(failure); // the channel closes itself
    }
  }

  /** Whether it was the file that failed, and not the client: that has many ways to tell. */
  private static boolean isShorter(OpenFile file, FileRegion region) {
    try {
      return file.channel().size() < region.position() + region.count();
    } catch (IOException _) {
      return false;
    }
  }

  /** Why no part of the body may be sent now; null if it may. */
  private @Nullable CompletionStage<Void> outOfOrder() {
    if (exchange.gone()) {
      return CompletableFuture.failedFuture(new ClientGone("the client has gone"));
    }
    if (done || !more) {
      return misused("a part was sent after the last");
    }
    if (current != null) {
      return misused("a part was sent before the one before it was taken");
    }
    return headers == null ? misused("a part was sent before the response was started") : null;
  }

  private CompletionStage<Void> part(ByteBuffer data, boolean moreFollows) {
    CompletionStage<Void> wrong = outOfOrder();
    if (wrong != null) {
      return wrong;
    }
    Headers start = Objects.requireNonNull(headers);
    int count = data.remaining();
    if (!started) {
      try {
        boolean open = moreFollows || trailers != null;
        start(start, announced >= 0 ? announced : open ? -1 : count, data, !moreFollows);
      } catch (IllegalArgumentException | IllegalStateException invalid) {
        headers = null;
        announced = -1;
        return CompletableFuture.failedFuture(invalid);
      }
    } else if (framing == Framing.NONE) {
      data.position(data.limit());
    }
    if (framing == Framing.LENGTH) {
      // What start() has taken from the data is in sent already.
      long total = sent + data.remaining();
      if (total > declared || (!moreFollows && total < declared)) {
        return misused(
            "it declared a Content-Length of " + declared + " and sent " + total + " bytes");
      }
    }
    more = moreFollows;
    current = data;
    pump();
    if (current == null && (done || exchange.stream().writable())) {
      return SENT;
    }
    CompletableFuture<Void> stage = new CompletableFuture<>();
    waiter = stage;
    return stage;
  }

  /** Writes the head, and a small last part with it. */
  private void start(Headers fields, long known, ByteBuffer data, boolean last) {
    HttpStream stream = exchange.stream();
    ResponseHead head = stream.loop().responseHead();
    boolean keep = exchange.head().keepAlive() && !mustClose && stream.keeps(exchange);
    head.encode(exchange.head(), status, fields, known, keep);
    started = true;
    framing = head.framing();
    declared = head.bodyLength();
    keepAlive = head.keepAlive();
    if (framing == Framing.NONE) {
      data.position(data.limit());
    }
    ByteBuffer first = data;
    if (framing != Framing.LENGTH || known < 0 || known > PIECE) {
      first = data.slice(data.position(), 0);
    }
    sent = first.remaining();
    endWritten = last && trailers == null && (framing == Framing.NONE || sent == declared);
    bytes += stream.writeHead(head, first, endWritten);
  }

  /** Writes as much as there is room for; called again whenever there is room. */
  void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    HttpStream stream = exchange.stream();
    ByteBuffer data = current;
    while (data != null) {
      if (data.hasRemaining() && !stream.writable()) {
        stream.flush();
        if (!stream.writable()) {
          break;
        }
      }
      if (data.hasRemaining()) {
        piece(data);
      }
      if (!data.hasRemaining()) {
        current = null;
        data = null;
      }
    }
    pumping = false;
    if (current == null && !more && !done && !sendingFile && !exchange.gone()) {
      finish();
    }
    stream.flushSoon();
    CompletableFuture<Void> waiting = waiter;
    if (waiting != null && current == null && !sendingFile && (done || stream.writable())) {
      waiter = null;
      waiting.complete(null);
    }
  }

  private void piece(ByteBuffer data) {
    int count = Math.min(data.remaining(), exchange.stream().room());
    sent += count;
    ByteBuffer part = data.slice(data.position(), count);
    data.position(data.position() + count);
    endWritten = !more && !data.hasRemaining() && trailers == null;
    bytes += exchange.stream().writePart(part, framing, endWritten);
  }

  private void finish() {
    if (!endWritten) {
      endWritten = true;
      bytes += exchange.stream().writeEnd(framing, framing == Framing.CHUNKED ? trailers : null);
    }
    done = true;
    exchange.responded(status, headers(), sent, bytes, keepAlive);
  }

  /** The connection has ended. */
  void fail(ClientGone reason) {
    current = null;
    CompletableFuture<Void> waiting = waiter;
    if (waiting != null) {
      waiter = null;
      waiting.completeExceptionally(reason);
    }
  }
}
