package dev.arbiter.http.websocket;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocket;
import dev.arbiter.app.WebSocketScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** The same app in both contracts; what it does depends on the path. */
final class WebSocketApps {
  /** How each WebSocket ended, as the app saw it. */
  final Queue<String> ends = new ConcurrentLinkedQueue<>();

  /** Messages whose sending has come to its end. */
  final AtomicInteger sent = new AtomicInteger();

  /** What {@code /late} waits for before it receives. */
  final CountDownLatch release = new CountDownLatch(1);

  final CompletableFuture<Void> released = new CompletableFuture<>();

  /** Messages of {@code /hurries} that were taken, and of these not yet sent when one was not. */
  final AtomicInteger accepted = new AtomicInteger();

  final AtomicInteger unsent = new AtomicInteger();

  /** Why it was not. */
  final CompletableFuture<String> refused = new CompletableFuture<>();

  static final int FLOOD = 64;
  static final byte[] BIG = new byte[256 * 1024];

  App app(boolean blocking) {
    return blocking ? (BlockingApp) this::handle : (AsyncApp) this::handle;
  }

  // ---- blocking

  private Response handle(Request request) throws Exception {
    return switch (request.rawPath()) {
      case "/plain" -> Response.text("plain " + request.body().readAllBytes().length);
      case "/no" -> Response.text("not you").withStatus(401).withHeader("x-why", "because");
      case "/throws" -> throw new IllegalStateException("on purpose");
      case "/sub" -> Response.webSocket("b", this::echo).withHeader("x-more", "1");
      case "/unoffered" -> Response.webSocket("z", this::echo);
      case "/fails" ->
          Response.webSocket(
              socket -> {
                socket.receive();
                throw new IllegalStateException("on purpose");
              });
      case "/closes" ->
          Response.webSocket(
              socket -> {
                socket.receive();
                socket.sendText("last");
                socket.close(4000, "enough");
                end(socket.receive());
              });
      case "/returns" -> Response.webSocket(socket -> socket.sendText("only"));
      case "/flood" ->
          Response.webSocket(
              socket -> {
                try {
                  for (int i = 0; i < FLOOD; i++) {
                    socket.sendBinary(ByteBuffer.wrap(BIG));
                    sent.incrementAndGet();
                  }
                } catch (IOException gone) {
                  ends.add("flood failed");
                  throw gone;
                }
              });
      case "/late" ->
          Response.webSocket(
              socket -> {
                release.await();
                echo(socket);
              });
      case "/tidies" ->
          Response.webSocket(
              socket -> {
                end(socket.receive());
                release.await();
              });
      case "/listens" ->
          Response.webSocket(
              socket -> {
                WebSocket.Message message = socket.receive();
                while (message instanceof WebSocket.Message.Text(String text)) {
                  ends.add(text);
                  message = socket.receive();
                }
                end(message);
              });
      default -> Response.webSocket(this::echo);
    };
  }

  private void echo(WebSocket socket) throws IOException {
    while (true) {
      switch (socket.receive()) {
        case WebSocket.Message.Text(String text) -> socket.sendText(text);
        case WebSocket.Message.Binary(ByteBuffer bytes) -> socket.sendBinary(bytes);
        case WebSocket.Message.Close close -> {
          end(close);
          return;
        }
      }
    }
  }

  private void end(WebSocket.Message message) {
    WebSocket.Message.Close close = (WebSocket.Message.Close) message;
    ends.add((close.code() + " " + close.reason()).strip());
  }

  // ---- async

  private CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    String path = ((RequestHead) scope).rawPath();
    if (!(scope instanceof WebSocketScope)) {
      return path.equals("/plain")
          ? respond(send, 200, Headers.empty(), "plain 0")
          : send.send(new SendEvent.WebSocketAccept());
    }
    return switch (path) {
      case "/plain" -> respond(send, 200, Headers.empty(), "plain 0");
      case "/ignores" -> CompletableFuture.completedFuture(null);
      case "/no" -> respond(send, 401, Headers.of("x-why", "because"), "not you");
      case "/lingers" -> respond(send, 401, Headers.empty(), "not you").thenCompose(_ -> released);
      case "/refuses" -> send.send(new SendEvent.WebSocketClose(1000, ""));
      case "/throws" -> throw new IllegalStateException("on purpose");
      case "/sub" ->
          receive
              .next()
              .thenCompose(
                  _ -> send.send(new SendEvent.WebSocketAccept("b", Headers.of("x-more", "1"))))
              .thenCompose(_ -> echo(receive, send));
      case "/unoffered" -> send.send(new SendEvent.WebSocketAccept("z", Headers.empty()));
      case "/fails" ->
          accept(receive, send)
              .thenCompose(_ -> receive.next())
              .thenApply(
                  _ -> {
                    throw new IllegalStateException("on purpose");
                  });
      case "/closes" ->
          accept(receive, send)
              .thenCompose(_ -> receive.next())
              .thenCompose(_ -> send.send(new SendEvent.WebSocketText("last")))
              .thenCompose(_ -> send.send(new SendEvent.WebSocketClose(4000, "enough")))
              .thenCompose(_ -> receive.next())
              .thenAccept(this::end);
      case "/returns" ->
          accept(receive, send).thenCompose(_ -> send.send(new SendEvent.WebSocketText("only")));
      case "/flood" ->
          accept(receive, send)
              .thenCompose(_ -> flood(send, 0))
              .whenComplete(
                  (_, failure) -> {
                    if (failure != null) {
                      ends.add("flood failed");
                    }
                  });
      case "/hurries" ->
          accept(receive, send)
              .thenComposeAsync(_ -> hurry(send))
              .thenCompose(_ -> send.send(new SendEvent.WebSocketText("all sent")));
      case "/early" ->
          send.send(new SendEvent.WebSocketText("too early"))
              .exceptionallyCompose(
                  failure ->
                      accept(receive, send)
                          .thenCompose(
                              _ ->
                                  send.send(
                                      new SendEvent.WebSocketText("" + failure.getMessage()))));
      case "/late" ->
          accept(receive, send).thenCompose(_ -> released).thenCompose(_ -> echo(receive, send));
      case "/listens" -> accept(receive, send).thenCompose(_ -> listen(receive));
      default -> accept(receive, send).thenCompose(_ -> echo(receive, send));
    };
  }

  private CompletionStage<Void> listen(Receive receive) {
    return receive
        .next()
        .thenCompose(
            event -> {
              if (event instanceof ReceiveEvent.WebSocketText(String text)) {
                ends.add(text);
                return listen(receive);
              }
              end(event);
              return CompletableFuture.completedFuture(null);
            });
  }

  private static CompletionStage<Void> accept(Receive receive, Send send) {
    return receive
        .next()
        .thenCompose(
            event ->
                event instanceof ReceiveEvent.WebSocketConnect
                    ? send.send(new SendEvent.WebSocketAccept())
                    : CompletableFuture.failedFuture(new IllegalStateException("no connect")));
  }

  private CompletionStage<Void> flood(Send send, int done) {
    return done == FLOOD
        ? CompletableFuture.completedFuture(null)
        : send.send(new SendEvent.WebSocketBinary(ByteBuffer.wrap(BIG)))
            .thenCompose(
                _ -> {
                  sent.incrementAndGet();
                  return flood(send, done + 1);
                });
  }

  /** Sends without waiting until a message is refused. */
  private CompletableFuture<Void> hurry(Send send) {
    List<CompletableFuture<Void>> sending = new ArrayList<>();
    while (true) {
      CompletableFuture<Void> next =
          send.send(new SendEvent.WebSocketBinary(ByteBuffer.wrap(BIG))).toCompletableFuture();
      if (next.isCompletedExceptionally()) {
        accepted.set(sending.size());
        unsent.set((int) sending.stream().filter(one -> !one.isDone()).count());
        refused.complete(next.exceptionNow().getMessage());
        return CompletableFuture.allOf(sending.toArray(CompletableFuture[]::new));
      }
      sending.add(next);
    }
  }

  /** A loop rather than a chain of stages, which would grow with each message. */
  private CompletionStage<Void> echo(Receive receive, Send send) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    again(
        event ->
            switch (event) {
              case ReceiveEvent.WebSocketText(String text) ->
                  send.send(new SendEvent.WebSocketText(text));
              case ReceiveEvent.WebSocketBinary(ByteBuffer bytes) ->
                  send.send(new SendEvent.WebSocketBinary(bytes));
              default -> {
                end(event);
                done.complete(null);
                yield done;
              }
            },
        receive,
        done);
    return done;
  }

  private static void again(
      Function<ReceiveEvent, CompletionStage<Void>> step,
      Receive receive,
      CompletableFuture<Void> done) {
    receive
        .next()
        .thenCompose(step)
        .whenComplete(
            (_, failure) -> {
              if (failure != null) {
                done.completeExceptionally(failure);
              } else if (!done.isDone()) {
                again(step, receive, done);
              }
            });
  }

  private void end(ReceiveEvent event) {
    ReceiveEvent.WebSocketDisconnect end = (ReceiveEvent.WebSocketDisconnect) event;
    ends.add((end.code() + " " + end.reason()).strip());
  }

  private static CompletionStage<Void> respond(
      Send send, int status, Headers headers, String text) {
    return send.send(new SendEvent.ResponseStart(status, headers))
        .thenCompose(
            _ ->
                send.send(
                    new SendEvent.ResponseBody(
                        ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), false)));
  }
}
