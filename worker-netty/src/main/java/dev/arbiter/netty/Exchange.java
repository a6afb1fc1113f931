package dev.arbiter.netty;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.HeadView;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestBook;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.AsyncUpgrade;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.worker.OutOfMemory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, in any version of HTTP. The head may be read by any thread; the
 * rest is on the connection's loop. Ends when the response is written and the body has come to its
 * end, or with the connection.
 */
final class Exchange extends HeadView
    implements HttpScope, BiConsumer<@Nullable Object, @Nullable Throwable>, RequestBook.Owner {
  private final HttpStream stream;
  private final IncomingHead head;
  private final Inbox inbox;
  private final Outbox outbox;
  private final @Nullable WebSocketDoor door;
  private @Nullable AsyncUpgrade upgrade;
  private boolean answered;
  private boolean gone;

  /** The worker has answered in the app's place, or will. */
  private boolean refused;

  /** Whether the client has gone or ended its side, for an app that asks on a thread of its own. */
  private volatile boolean disconnected;

  /**
   * @param handshake of a request that asks for a WebSocket
   */
  Exchange(HttpStream stream, IncomingHead head, @Nullable Handshake handshake) {
    this(stream, head, handshake, stream.origin(head));
  }

  private Exchange(
      HttpStream stream, IncomingHead head, @Nullable Handshake handshake, Origin origin) {
    super(
        head,
        stream.loop().service().book().begin(head.method(), head.target(), origin.client()),
        origin);
    this.stream = stream;
    this.head = head;
    this.disconnected = stream.inputEnded();
    this.inbox = new Inbox(this);
    this.outbox = new Outbox(this);
    this.door = handshake == null ? null : new WebSocketDoor(this, handshake);
    entry().own(this);
  }

  /** What it came by, and is answered through. */
  HttpStream stream() {
    return stream;
  }

  IncomingHead head() {
    return head;
  }

  Inbox inbox() {
    return inbox;
  }

  Outbox outbox() {
    return outbox;
  }

  /** What accepts the WebSocket the request asks for, if it does. */
  @Nullable WebSocketDoor door() {
    return door;
  }

  boolean answered() {
    return answered;
  }

  boolean gone() {
    return gone;
  }

  /** Whether the client has gone, or looks like it. Any thread. */
  boolean disconnected() {
    return disconnected;
  }

  /** The client will send no more. */
  void inputEnded() {
    disconnected = true;
    inbox.end();
  }

  // An app may throw anything; whatever it is, the client gets an answer and the operator a trace.
  @SuppressWarnings("CatchingUnchecked")
  void begin() {
    if (entry().excess()) {
      refuse(Rule.BUSY.refusal());
      return;
    }
    entry().begun();
    switch (stream.loop().service().app()) {
      case BlockingApp app -> stream.loop().start(new BlockingCall(app, this));
      case AsyncApp app -> {
        entry().enter(Thread.currentThread());
        try {
          CompletionStage<Void> stage =
              door == null ? app.handle(this, inbox, outbox) : ask(door, app);
          if (Outbox.isSent(stage)) {
            ended(null);
          } else {
            stage.whenComplete(this);
          }
        } catch (Throwable thrown) {
          ended(thrown);
        } finally {
          entry().leave();
        }
      }
    }
  }

  private CompletionStage<Void> ask(WebSocketDoor asked, AsyncApp app) {
    AsyncUpgrade begun = asked.upgrade();
    upgrade = begun;
    return begun.begin(app);
  }

  /** The app's stage has completed, on any thread. */
  @Override
  public void accept(@Nullable Object nothing, @Nullable Throwable failure) {
    if (stream.loop().executor().inEventLoop()) {
      ended(failure);
    } else {
      boolean _ = stream.loop().tryExecute(() -> ended(failure));
    }
  }

  void ended(@Nullable Throwable failure) {
    try {
      conclude(failure);
    } finally {
      entry().done(); // a worker that waits for it may end at once: what is to be said was said
    }
  }

  private void conclude(@Nullable Throwable failure) {
    if (failure != null) {
      OutOfMemory.leaveIf(failure);
    }
    if (upgrade != null && upgrade.ended(failure)) {
      return;
    }
    if (failure != null) {
      appFailed(failure);
    } else if (!answered && !gone && !outbox.ending()) {
      if (stream.inputEnded()) {
        // It was told so, and had nobody to answer.
        failures().clientLeft(head, outbox.started() ? "in its response" : "without a response");
        breakOff();
        return;
      }
      appFailed(
          outbox.started() ? "returned before the response was complete" : "sent no response");
    }
  }

  private void appFailed(Throwable failure) {
    // When the client leaves or is refused, what the app reads and sends fails; that is not the
    // app's fault.
    if (refused || ClientGone.causes(failure)) {
      failures().clientLeft(head, "with " + failure);
    } else {
      failures().failed(head, answered ? "failed after its response" : "failed", failure);
    }
    breakOff();
  }

  /** A file that is being sent has let the app down; its channel closes. */
  void fileFailed(Throwable failure) {
    failures().failed(head, "sent a file that has become shorter", failure);
  }

  private FailedRequests failures() {
    return stream.loop().service().failedRequests();
  }

  private void appFailed(String what) {
    failures().failed(head, what, null);
    breakOff();
  }

  /**
   * The status that is sent where the app answers with this one. In HTTP/2 a client that asked for
   * a WebSocket takes any 2xx for one (RFC 8441 section 5), and would take the body for frames.
   */
  int answering(int status) {
    return door != null && head.http2() && status >= 200 && status < 300 ? 403 : status;
  }

  /** The app wants a WebSocket where the client asks for none. */
  void upgradeRequired() {
    failures().failed(head, "answered with a WebSocket, which the request does not ask for", null);
    if (!answered && !gone) {
      outbox.replace(Handshake.upgradeRequired(), false);
    }
  }

  /**
   * The client is told if nothing was sent yet, and cut off otherwise; also if it ended its side in
   * the middle of its body, which is not the app's fault and leaves nobody to tell.
   */
  private void breakOff() {
    if (answered || gone) {
      return;
    }
    if (outbox.started() || (stream.inputEnded() && !inbox.complete())) {
      stream.cut(outbox.endsWithConnection());
      closed();
    } else {
      outbox.replace(Status.error(500, ""), false);
    }
  }

  /** The request turned out to be wrong after its head: its body is malformed, too long or late. */
  void refuse(Refusal refusal) {
    refused = true;
    inbox.fail(new ClientGone("the request was refused: " + refusal.reason()));
    if (answered || gone) {
      stream.end(true);
    } else if (outbox.started()) {
      stream.cut(outbox.endsWithConnection());
      closed();
    } else {
      outbox.replace(Status.response(refusal), true);
    }
    inbox.close();
    if (upgrade != null) {
      upgrade.gone();
    }
  }

  /** A loop that the app holds cannot tell anybody; its clients see the connection end. */
  @Override
  public void giveUp() {
    boolean _ =
        stream
            .loop()
            .tryExecute(
                () -> {
                  if (answered || gone) {
                    return;
                  }
                  if (!outbox.started()) {
                    refuse(Rule.LEAVING.refusal());
                  } else if (outbox.endsWithConnection()) {
                    stream.cut(true);
                    closed();
                  }
                });
  }

  /** The last byte of the response was given to the channel. */
  void responded(int status, Headers headers, long bodyBytes, long bytes, boolean keepAlive) {
    answered = true;
    long nanos = entry().end(status, inbox.received(), bytes);
    stream.loop().service().log(head, origin().client(), status, headers, bodyBytes, nanos);
    inbox.close();
    if (!keepAlive) {
      // Also a client that asked for the end may be sending already.
      stream.end(true);
    } else if (inbox.complete()) {
      stream.done(this);
    } else {
      inbox.discard();
    }
  }

  /** The request became a WebSocket, which ends it as far as the book and the log go. */
  void switched(int status, Headers headers, long bytes) {
    answered = true;
    long nanos = entry().end(status, 0, bytes);
    stream.loop().service().log(head, origin().client(), status, headers, 0, nanos);
  }

  /** The connection has ended. Idempotent. */
  void closed() {
    if (gone) {
      return;
    }
    gone = true;
    disconnected = true;
    int status = outbox.started() ? outbox.status() : 0;
    long nanos = entry().end(status, inbox.received(), outbox.bytes());
    if (status != 0 && !answered) {
      stream
          .loop()
          .service()
          .log(head, origin().client(), status, outbox.headers(), outbox.sent(), nanos);
    }
    ClientGone reason = new ClientGone("the client has gone");
    inbox.close();
    outbox.fail(reason);
    if (upgrade != null) {
      upgrade.gone();
    }
  }

  // ---- the head, for the app

  @Override
  public Headers trailers() {
    return inbox.trailers();
  }

  @Override
  public Optional<TlsInfo> tls() {
    return Optional.ofNullable(stream.tlsInfo());
  }

  @Override
  public Optional<SSLSession> sslSession() {
    return Optional.ofNullable(stream.sslSession());
  }

  @Override
  public String rootPath() {
    return stream.loop().service().settings().rootPath();
  }

  @Override
  public Map<String, Object> state() {
    return stream.loop().service().state();
  }
}
