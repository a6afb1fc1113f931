package dev.arbiter.netty;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.Informational;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.HeadView;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.WebSocketSession;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One call of a blocking app: runs on a virtual thread of its own, and gives the response back to
 * the connection's loop. Ends when the app has returned and, if its body is a stream, written it.
 */
final class BlockingCall extends HeadView implements Request, Runnable {
  private final BlockingApp app;
  private final Exchange exchange;
  private @Nullable BodyInput body;

  BlockingCall(BlockingApp app, Exchange exchange) {
    super(exchange.head(), exchange.entry(), exchange.origin());
    this.app = app;
    this.exchange = exchange;
  }

  /** For a message to the operator. */
  String shown() {
    String target = exchange.target();
    return exchange.method() + " " + target.substring(0, Math.min(target.length(), 200));
  }

  // An app may throw anything; whatever it is, the client gets an answer and the operator a trace.
  @Override
  @SuppressWarnings("CatchingUnchecked")
  public void run() {
    entry().enter(Thread.currentThread());
    try {
      Response response = app.handle(this);
      if (response.background().isPresent()) {
        entry().afterwards(response.background().get());
      }
      switch (response.body()) {
        case Response.Body.Bytes whole when trailersFollow(response) ->
            write(response, new Response.Body.Stream(out -> out.write(whole.bytes())));
        case Response.Body.Bytes whole ->
            exchange.stream()
                .loop()
                .executor()
                .execute(() -> answer(response.status(), response.headers(), whole.bytes()));
        case Response.Body.Stream stream -> write(response, stream);
        case Response.Body.File file -> write(response, file);
        case Response.Body.Upgrade upgrade -> accept(response.headers(), upgrade);
      }
      entry().done();
    } catch (Throwable thrown) {
      exchange.accept(null, thrown);
    } finally {
      entry().leave();
    }
  }

  private void answer(int status, Headers headers, byte[] bytes) {
    CompletionStage<Void> sent = exchange.outbox().respond(status, headers, bytes);
    if (!Outbox.isSent(sent)) {
      sent.whenComplete(exchange);
    }
  }

  private void accept(Headers headers, Response.Body.Upgrade upgrade) throws Exception {
    WebSocketDoor door = exchange.door();
    if (door == null) {
      exchange.stream().loop().executor().execute(exchange::upgradeRequired);
      return;
    }
    WebSocketSession session = BodyInput.await(door.accept(upgrade.subprotocol(), headers));
    door.serve(upgrade, session);
  }

  private void write(Response response, Response.Body.Stream stream) throws Exception {
    Outbox outbox = exchange.outbox();
    BodyOutput output = new BodyOutput(outbox);
    outbox.send(new ResponseStart(response.status(), response.headers()));
    // A stream may be without end; one that nobody is sent is not begun.
    if (!method().equals("HEAD") && !Status.bodiless(response.status())) {
      stream.writer().writeTo(output);
    }
    output.finish(trailersFollow(response) ? response.trailers() : Optional.empty());
  }

  private boolean trailersFollow(Response response) {
    return response.trailers().isPresent() && exchange.head().takesTrailers(response);
  }

  private void write(Response response, Response.Body.File file) throws IOException {
    Outbox outbox = exchange.outbox();
    outbox.send(new ResponseStart(response.status(), response.headers()));
    boolean trailersFollow = trailersFollow(response);
    FileBody.write(outbox, file, !trailersFollow, trailersFollow);
    if (trailersFollow) {
      new BodyOutput(outbox).finish(response.trailers());
    }
  }

  @Override
  public InputStream body() {
    BodyInput input = body;
    if (input == null) {
      input = new BodyInput(exchange.inbox(), exchange.head().hasBody());
      body = input;
    }
    return input;
  }

  @Override
  public Headers trailers() {
    return exchange.trailers();
  }

  @Override
  public boolean isDisconnected() {
    return exchange.disconnected();
  }

  @Override
  public void inform(int status, Headers headers) throws IOException {
    BodyInput.await(exchange.outbox().send(new Informational(status, headers)));
  }

  @Override
  public Optional<TlsInfo> tls() {
    return exchange.tls();
  }

  @Override
  public Optional<SSLSession> sslSession() {
    return exchange.sslSession();
  }

  @Override
  public String rootPath() {
    return exchange.rootPath();
  }

  @Override
  public Map<String, Object> state() {
    return exchange.state();
  }
}
