package dev.arbiter.netty;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.http.HeadView;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.Status;
import dev.arbiter.worker.OutOfMemory;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response. The head may be read by any thread; the rest is on the connection's
 * loop. Ends when the response is written and the body has come to its end, or with the connection.
 */
final class Exchange extends HeadView
    implements HttpScope, BiConsumer<@Nullable Object, @Nullable Throwable> {
  private final HttpConnection connection;
  private final IncomingHead head;
  private final Inbox inbox;
  private final Outbox outbox;
  private boolean answered;
  private boolean gone;

  Exchange(HttpConnection connection, IncomingHead head) {
    super(
        head,
        connection
            .loop()
            .service()
            .book()
            .begin(head.method(), head.target(), connection.client()));
    this.connection = connection;
    this.head = head;
    this.inbox = new Inbox(this);
    this.outbox = new Outbox(this);
  }

  HttpConnection connection() {
    return connection;
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

  boolean answered() {
    return answered;
  }

  boolean gone() {
    return gone;
  }

  // An app may throw anything; whatever it is, the client gets an answer and the operator a trace.
  @SuppressWarnings("CatchingUnchecked")
  void begin() {
    switch (connection.loop().service().app()) {
      case BlockingApp app -> connection.loop().start(new BlockingCall(app, this));
      case AsyncApp app -> {
        entry().enter(Thread.currentThread());
        try {
          CompletionStage<Void> stage = app.handle(this, inbox, outbox);
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

  /** The app's stage has completed, on any thread. */
  @Override
  public void accept(@Nullable Object nothing, @Nullable Throwable failure) {
    if (connection.loop().executor().inEventLoop()) {
      ended(failure);
    } else {
      connection.loop().executor().execute(() -> ended(failure));
    }
  }

  void ended(@Nullable Throwable failure) {
    if (failure != null) {
      OutOfMemory.leaveIf(failure);
      appFailed(failure);
    } else if (!answered && !gone && !outbox.ending()) {
      appFailed(
          outbox.started() ? "returned before the response was complete" : "sent no response");
    }
  }

  private void appFailed(Throwable failure) {
    // When the client leaves, what the app reads and sends fails; that is not the app's fault.
    if (!ClientGone.causes(failure)) {
      connection.loop().service().appFailed(head, "failed", failure);
    }
    giveUp();
  }

  private void appFailed(String what) {
    connection.loop().service().appFailed(head, what, null);
    giveUp();
  }

  /**
   * The client is told if nothing was sent yet, and cut off otherwise; also if it ended its side in
   * the middle of its body, which is not the app's fault and leaves nobody to tell.
   */
  private void giveUp() {
    if (answered || gone) {
      return;
    }
    if (outbox.started() || (connection.inputEnded() && !inbox.complete())) {
      connection.cut(outbox.endsWithConnection());
      closed();
    } else {
      outbox.replace(Status.error(500, ""), false);
    }
  }

  /** The request turned out to be wrong after its head: its body is malformed, too long or late. */
  void refuse(Refusal refusal) {
    inbox.fail(new ClientGone("the request was refused: " + refusal.reason()));
    if (answered || gone) {
      connection.end(true);
    } else if (outbox.started()) {
      connection.cut(outbox.endsWithConnection());
      closed();
    } else {
      outbox.replace(Status.response(refusal), true);
    }
    inbox.close();
  }

  /** The last byte of the response was given to the channel. */
  void responded(int status, Headers headers, long bodyBytes, long bytes, boolean keepAlive) {
    answered = true;
    long nanos = entry().end(status, inbox.received(), bytes);
    connection.loop().service().log(head, connection.client(), status, headers, bodyBytes, nanos);
    inbox.close();
    if (!keepAlive) {
      // Also a client that asked for the end may be sending already.
      connection.end(true);
    } else if (inbox.complete()) {
      connection.done(this);
    } else {
      inbox.discard();
    }
  }

  /** The connection has ended. Idempotent. */
  void closed() {
    if (gone) {
      return;
    }
    gone = true;
    entry().end(outbox.started() ? outbox.status() : 0, inbox.received(), outbox.bytes());
    ClientGone reason = new ClientGone("the client has gone");
    inbox.close();
    outbox.fail(reason);
  }

  // ---- the head, for the app

  @Override
  public Optional<SocketAddress> client() {
    return Optional.ofNullable(connection.client());
  }

  @Override
  public Optional<SocketAddress> server() {
    return Optional.ofNullable(connection.server());
  }

  @Override
  public String rootPath() {
    return connection.loop().service().settings().rootPath();
  }

  @Override
  public Map<String, Object> state() {
    return connection.loop().service().state();
  }
}
