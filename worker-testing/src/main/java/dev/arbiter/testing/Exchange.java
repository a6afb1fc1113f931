package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.Trailers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the app, in place of a worker: keeps the rules a worker keeps, so
 * that what passes here passes there. The app's side; any thread.
 */
final class Exchange implements Receive, Send {
  private static final String NO_WEBSOCKET =
      "The app speaks WebSocket where the client asked for none: a worker answers 426.";

  /** An app may take its time: the test's own limit is what ends a wait. */
  static final Duration APP_LIMIT = Duration.ofDays(1);

  private static final int PIECE = 64 * 1024;

  /** The response's head, as the client sees it. */
  record Head(int status, Headers headers) {}

  private static final Head FAILED =
      new Head(500, Headers.of("content-type", "text/plain; charset=utf-8"));

  final Pipe in = new Pipe();
  final Pipe out = new Pipe();
  final CompletableFuture<Head> head = new CompletableFuture<>();

  /** Completes when the app is done, exceptionally with what it threw. */
  final CompletableFuture<Void> done = new CompletableFuture<>();

  /** What came before the response. */
  final List<TestResponse.Interim> interim = new CopyOnWriteArrayList<>();

  private final Headers requestTrailers;
  private final boolean takesTrailers;
  private volatile Headers trailers = Headers.empty();
  private final Executor loop;
  private final boolean raise;
  private final boolean bodilessMethod;
  private final CompletableFuture<ReceiveEvent> disconnect = new CompletableFuture<>();
  private @Nullable Upgrade upgrade;
  private @Nullable CompletionStage<ReceiveEvent> receiving;
  private @Nullable CompletionStage<Void> sending;
  private SendEvent.@Nullable ResponseStart start;
  private volatile boolean bodyRead;
  private boolean bodiless;
  private long declared = -1;
  private long sent;
  private boolean complete;
  private volatile boolean gone;

  /**
   * @param fields of the request
   * @param requestTrailers what follows its body
   */
  Exchange(String method, Headers fields, Headers requestTrailers, Executor loop, boolean raise) {
    this.requestTrailers = requestTrailers;
    takesTrailers = Trailers.sentTo("HTTP/1.1", fields);
    this.loop = loop;
    this.raise = raise;
    bodilessMethod = method.equals("HEAD");
  }

  /** Makes it a WebSocket's handshake. Before {@link #run}. */
  Upgrade upgrade(List<String> subprotocols) {
    Upgrade asked = new Upgrade(this, subprotocols, loop);
    upgrade = asked;
    return asked;
  }

  void run(App app, Asked request) {
    switch (app) {
      case BlockingApp blocking -> {
        Thread thread = Thread.ofVirtual().name("app").unstarted(() -> call(blocking, request));
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
      }
      case AsyncApp async -> loop.execute(() -> call(async, request));
    }
  }

  /** The client has left. */
  void leave() {
    gone = true;
    IOException reason = new IOException("the client has gone");
    in.fail(reason);
    out.fail(reason);
    disconnect.complete(new ReceiveEvent.Disconnect());
  }

  /** Whether the client has left. */
  boolean gone() {
    return gone;
  }

  /** Whether the app was done within that time, however it ended. */
  boolean awaitDone(long time, TimeUnit unit) throws InterruptedException {
    try {
      done.get(time, unit);
      return true;
    } catch (ExecutionException _) {
      return true;
    } catch (TimeoutException _) {
      return false;
    }
  }

  /** What followed the response's body, once it has ended. */
  Headers trailers() {
    return trailers;
  }

  /** What follows the request's body, for an app that has read that. */
  Headers requestTrailers() {
    if (!in.exhausted()) {
      throw new IllegalStateException("Trailers are known when the body was read to its end.");
    }
    return requestTrailers;
  }

  synchronized void inform(int status, Headers headers) throws IOException {
    if (start != null || head.isDone()) {
      throw new IllegalStateException("The response has begun.");
    }
    Rules.requireInterim(status, headers);
    if (gone) {
      throw new IOException("the client has gone");
    }
    interim.add(new TestResponse.Interim(status, headers));
  }

  // ---- a blocking app

  // Whatever an app throws, errors included, reaches the test.
  @SuppressWarnings("CatchingUnchecked")
  private void call(BlockingApp app, Asked request) {
    try {
      Response response = app.handle(request);
      if (response == null) {
        throw new IllegalStateException("The app's handle returned null.");
      }
      try {
        answer(response);
      } finally {
        // As in a worker: also where the client has gone, or the response has failed.
        response.background().ifPresent(Runnable::run);
      }
      ended(null);
    } catch (Throwable thrown) {
      ended(thrown);
    }
  }

  private void answer(Response response) throws Exception {
    boolean trailersFollow =
        response.trailers().isPresent()
            && takesTrailers
            && !bodiless(response.status())
            && !response.headers().contains("content-length");
    switch (response.body()) {
      case Response.Body.Bytes whole -> {
        long known = trailersFollow ? -1 : whole.bytes().length;
        begin(response.status(), response.headers(), known);
        put(whole.bytes());
      }
      case Response.Body.Stream stream -> {
        // The head waits for the first part: a writer that fails before it is answered with 500.
        BodyOutput body =
            new BodyOutput(
                part -> {
                  if (!head.isDone()) {
                    begin(response.status(), response.headers(), -1);
                  }
                  Waits.await(put(part), APP_LIMIT);
                });
        if (!bodiless(response.status())) {
          stream.writer().writeTo(body);
        }
        body.flush();
      }
      case Response.Body.File file ->
          send(
              file,
              length -> begin(response.status(), response.headers(), trailersFollow ? -1 : length));
      case Response.Body.Upgrade accepts -> {
        if (upgrade == null) {
          throw new IllegalStateException(NO_WEBSOCKET);
        }
        upgrade.serve(response.headers(), accepts);
      }
    }
    if (trailersFollow) {
      trailers = Rules.requireTrailers(response.trailers().get().get());
    }
    finish();
  }

  private void send(Response.Body.File file, LongConsumer beginning) throws IOException {
    try (SeekableByteChannel channel = Files.newByteChannel(file.path())) {
      long left = file.length() < 0 ? channel.size() - file.offset() : file.length();
      if (left < 0 || left > channel.size() - file.offset()) {
        throw new IOException(file + " is more than the " + channel.size() + " bytes there are");
      }
      beginning.accept(left);
      channel.position(file.offset());
      while (left > 0) {
        ByteBuffer part = ByteBuffer.allocate((int) Math.min(left, PIECE));
        while (part.hasRemaining() && channel.read(part) >= 0) {}
        if (part.hasRemaining()) {
          throw new IOException(file + " has become shorter while it was sent");
        }
        left -= part.capacity();
        Waits.await(put(part.array()), APP_LIMIT);
      }
    }
  }

  // ---- an async app

  @SuppressWarnings("CatchingUnchecked")
  private void call(AsyncApp app, Asked request) {
    try {
      Upgrade handshake = upgrade;
      CompletionStage<Void> stage =
          handshake == null ? app.handle(request, this, this) : handshake.begin(app, request);
      if (stage == null) {
        throw new IllegalStateException("The app's handle returned null.");
      }
      stage.whenComplete(
          (_, failure) -> {
            Throwable thrown = handshake == null ? failure : handshake.ended(failure);
            if (handshake != null && handshake.accepted.isDone()) {
              ended(thrown);
              return;
            }
            synchronized (this) {
              if (thrown == null && !complete && !gone) {
                ended(
                    new IllegalStateException(
                        "The app was done before its response was complete."));
                return;
              }
            }
            ended(thrown);
          });
    } catch (Throwable thrown) {
      ended(thrown);
    }
  }

  @Override
  public synchronized CompletionStage<ReceiveEvent> next() {
    if (receiving != null && !receiving.toCompletableFuture().isDone()) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("The app asked for an event while it waits for one."));
    }
    CompletionStage<ReceiveEvent> event =
        bodyRead
            ? disconnect.copy()
            : in.take().thenApply(this::event).exceptionally(_ -> new ReceiveEvent.Disconnect());
    receiving = event; // not what the loop still has to tell: it has come then
    return event.thenApplyAsync(ready -> ready, loop);
  }

  private ReceiveEvent event(byte[] part) {
    boolean last = in.exhausted();
    bodyRead = last; // not under this object's lock: the pipe's may be held
    return new ReceiveEvent.RequestBody(ByteBuffer.wrap(part).asReadOnlyBuffer(), !last);
  }

  @Override
  public synchronized CompletionStage<Void> send(SendEvent event) {
    try {
      if (sending != null && !sending.toCompletableFuture().isDone()) {
        throw new IllegalStateException("The app sent an event before there was room for it.");
      }
      if (complete) {
        throw new IllegalStateException("The app sent an event after its response.");
      }
      if (gone) {
        throw new IOException("the client has gone");
      }
      CompletableFuture<Void> room =
          switch (event) {
            case SendEvent.Informational early -> {
              inform(early.status(), early.headers());
              yield CompletableFuture.completedFuture(null);
            }
            case SendEvent.ResponseStart first -> {
              if (start != null) {
                throw new IllegalStateException("The app started a second response.");
              }
              start = first;
              yield CompletableFuture.completedFuture(null);
            }
            case SendEvent.ResponseBody body -> body(body);
            case SendEvent.ResponseFile file -> file(file);
            case SendEvent.ResponseTrailers last -> end(last.trailers());
            default -> throw new IllegalStateException(NO_WEBSOCKET);
          };
      CompletionStage<Void> taken =
          room.isDone() ? room : room.thenApplyAsync(nothing -> nothing, loop);
      sending = taken;
      return taken;
    } catch (IOException | IllegalStateException | IllegalArgumentException wrong) {
      return CompletableFuture.failedFuture(wrong);
    }
  }

  private CompletableFuture<Void> body(SendEvent.ResponseBody body) {
    byte[] part = new byte[body.bytes().remaining()];
    body.bytes().duplicate().get(part);
    return part(part, part.length, body.more());
  }

  private CompletableFuture<Void> part(byte[] part, long whole, boolean more) {
    SendEvent.ResponseStart first = start;
    if (first == null) {
      throw new IllegalStateException("The app sent a body before it started its response.");
    }
    if (!head.isDone()) {
      begin(first.status(), first.headers(), more ? -1 : whole);
    }
    CompletableFuture<Void> room = put(part);
    if (!more) {
      finish();
    }
    return room;
  }

  private CompletableFuture<Void> end(Headers last) {
    SendEvent.ResponseStart first = start;
    if (first == null) {
      throw new IllegalStateException("The app sent trailers before it started its response.");
    }
    if (!head.isDone()) {
      begin(first.status(), first.headers(), takesTrailers ? -1 : 0);
    }
    if (takesTrailers && !bodiless && declared < 0) {
      trailers = Rules.requireTrailers(last);
    }
    finish();
    return CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> file(SendEvent.ResponseFile file) {
    SendEvent.ResponseStart first = start;
    if (first == null) {
      throw new IllegalStateException("The app sent a body before it started its response.");
    }
    CompletableFuture<Void> taken = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> send(file, first, taken));
    return taken;
  }

  // Whatever went wrong is what the stage fails with.
  @SuppressWarnings("CatchingUnchecked")
  private void send(
      SendEvent.ResponseFile file, SendEvent.ResponseStart first, CompletableFuture<Void> taken) {
    try {
      send(
          file.file(),
          length -> {
            if (!head.isDone()) {
              begin(first.status(), first.headers(), file.more() ? -1 : length);
            }
          });
      if (!file.more()) {
        finish();
      }
      taken.complete(null);
    } catch (Throwable failed) {
      taken.completeExceptionally(failed);
    }
  }

  // ---- the response, in both contracts

  private void begin(int status, Headers headers, long known) {
    Rules.requireValid(status, headers);
    bodiless = bodiless(status);
    declared = Rules.declaredLength(headers);
    Headers shown = known < 0 && takesTrailers ? headers : headers.without("trailer");
    if (declared < 0 && known >= 0 && status != 204 && status != 304) {
      declared = known;
      shown = shown.with("content-length", Long.toString(known));
    }
    head.complete(new Head(status, shown));
  }

  private boolean bodiless(int status) {
    return bodilessMethod || status == 204 || status == 304;
  }

  private synchronized CompletableFuture<Void> put(byte[] part) {
    if (bodiless) {
      return CompletableFuture.completedFuture(null);
    }
    sent += part.length;
    if (declared >= 0 && sent > declared) {
      throw new IllegalStateException(
          "The app declared a Content-Length of " + declared + " and sends at least " + sent);
    }
    return out.put(part);
  }

  private synchronized void finish() {
    if (!bodiless && declared >= 0 && sent < declared) {
      throw new IllegalStateException(
          "The app declared a Content-Length of " + declared + " and sent only " + sent);
    }
    complete = true;
    out.end();
    disconnect.complete(new ReceiveEvent.Disconnect());
  }

  private void ended(@Nullable Throwable thrown) {
    if (thrown == null || (gone && (thrown instanceof IOException || start == null))) {
      done.complete(null);
      return;
    }
    Throwable cause =
        thrown instanceof CompletionException wrapped && wrapped.getCause() != null
            ? wrapped.getCause()
            : thrown;
    if (!raise && head.complete(FAILED)) {
      out.put("500 Internal Server Error\n".getBytes(UTF_8));
      out.end();
    } else {
      head.completeExceptionally(cause);
      out.fail(new IOException("the response was cut, because the app failed", cause));
    }
    done.completeExceptionally(cause);
  }
}
