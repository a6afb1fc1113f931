package dev.arbiter.sync;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.AccessLog;
import dev.arbiter.http.AppHost;
import dev.arbiter.http.ConnectionLog;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.FailedRequests;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.OpenFile;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Refusal;
import dev.arbiter.http.RequestBook;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.Status;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.worker.OutOfMemory;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection, one after the other: read a head, wait for a turn, run the app,
 * answer. On the connection's virtual thread, for the connection's life; a pipelined request waits
 * in the buffer until its predecessor was answered, which keeps them in order.
 */
final class Conversation {
  private static final int BUFFER = 8 * 1024;

  /**
   * What all conversations of a worker share.
   *
   * @param say writes a line in the arbiter's log: level and text
   */
  record Shared(
      HttpSettings settings,
      App app,
      Map<String, Object> state,
      Turns turns,
      Running running,
      RequestBook book,
      AccessLog log,
      ConnectionLog connectionLog,
      FailedRequests failedRequests,
      Departure departure,
      BiConsumer<String, String> say) {}

  /** What a request's body is read with. */
  record Parts(Link link, RequestParser parser, ByteBuffer in) {}

  /** How the app's part ended: with a response still to be sent, or with a failure. */
  private record Outcome(@Nullable Response response, @Nullable Throwable failure) {}

  private final Shared shared;
  private final HttpSettings settings;
  private final Link link;
  private final Origin connection;
  private final RequestParser parser;
  private final ByteBuffer in = ByteBuffer.allocate(BUFFER).limit(0);

  /** Where its requests come from is what the socket says, if no trusted proxy says otherwise. */
  Conversation(Shared shared, Link link) {
    this(shared, link, socket(shared, link, "http"));
  }

  /** The origin of a connection as its socket tells it. */
  static Origin socket(Shared shared, Link link, String scheme) {
    return shared.settings().proxy().origin(link.unix(), link.client(), link.server(), scheme);
  }

  /**
   * @param connection where its requests come from, if no trusted proxy says otherwise
   */
  Conversation(Shared shared, Link link, Origin connection) {
    this.shared = shared;
    this.link = link;
    this.connection = connection;
    settings = shared.settings();
    parser = new RequestParser(settings.rules(), connection.trusted());
  }

  /** Serves until one side is done. */
  void run() throws IOException, InterruptedException {
    boolean first = true;
    try {
      while (awaitRequest(first) && serve()) {
        parser.reset();
        first = false;
      }
    } catch (RuntimeException broken) {
      if (parser.head().method().isEmpty()) {
        throw broken;
      }
      shared
          .say()
          .accept(
              "error",
              FailedRequests.named(parser.head())
                  + ": its connection failed: "
                  + AppHost.stackTrace(broken));
    } finally {
      if (link.stalled()) {
        ended(Limit.WRITE);
        link.closeRoughly(); // what it has not taken is not worth keeping for it
      }
    }
  }

  private void ended(Limit limit) {
    shared.connectionLog().ended(limit, connection.client());
  }

  /** Answers a client of which no request will be read, and ends the connection. */
  void refuse(Refusal refusal) throws IOException {
    parser.head().refuse(refusal);
    refuse(
        Status.response(refusal),
        shared.book().beginRefused("", "", connection.client()),
        connection,
        link.bytesIn());
  }

  private boolean awaitRequest(boolean first) throws IOException {
    if (in.hasRemaining()) {
      return true;
    }
    long until = Link.after(first ? settings.headerTimeout() : settings.keepAlive());
    int count = link.readIdle(in.clear(), until);
    in.flip();
    if (count == Link.LATE) {
      ended(first ? Limit.FIRST_BYTE : Limit.IDLE);
    }
    return count > 0;
  }

  /** Serves one request. Returns whether another may follow. */
  private boolean serve() throws IOException, InterruptedException {
    long bytesIn = link.bytesIn() - in.remaining();
    if (!readHead(Link.after(settings.headerTimeout()))) {
      return false;
    }
    IncomingHead head = parser.head();
    Origin origin = settings.proxy().origin(head, connection);
    boolean upgrades = settings.webSocket().on() && head.takeUpgrade();
    Handshake handshake = upgrades ? Handshake.of(head, settings.webSocket()) : null;
    Response refused = refused(head.refusal(), handshake);
    if (refused != null) {
      RequestBook.Entry none =
          shared.book().beginRefused(head.method(), head.target(), origin.client());
      return refuse(refused, none, origin, bytesIn);
    }
    RequestBook.Entry entry = shared.book().begin(head.method(), head.target(), origin.client());
    if (entry.excess()) {
      return refuse(Status.response(Rule.BUSY.refusal()), entry, origin, bytesIn);
    }
    RequestBody body =
        new RequestBody(
            new Parts(link, parser, in),
            shared.departure(),
            settings.bodyTimeout(),
            settings.writeTimeout());
    Reply reply = new Reply(link, head, settings, body);
    long bytesOut = link.bytesOut();
    boolean again = false;
    Exchange exchange =
        new Exchange(head, entry, origin, link, body, reply, settings.rootPath(), shared.state());
    WebSocketDoor door =
        handshake == null
            ? null
            : new WebSocketDoor(shared, link, in, exchange, reply, handshake, this::ended);
    entry.own(() -> Thread.ofVirtual().start(() -> giveUp(exchange, reply)));
    try {
      answer(exchange, reply, door);
      again = reply.complete() && reply.keepAlive() && body.finish();
    } finally {
      if (Rule.BODY_TIMEOUT.refusal().equals(head.refusal())) {
        ended(Limit.BODY);
      }
      body.shut();
      int status = reply.status();
      long taken = link.bytesIn() - in.remaining() - bytesIn;
      long nanos = entry.end(status, taken, link.bytesOut() - bytesOut);
      if (status != 0) {
        log(head, origin, reply, nanos);
      }
      if (status != 0 && !reply.complete() && reply.endsWithConnection()) {
        link.closeRoughly(); // also where the client has half gone: it may still read
      }
    }
    if (door != null && door.accepted()) {
      return false;
    }
    if (!again && !link.broken() && (reply.complete() || !reply.endsWithConnection())) {
      link.closeGently();
    }
    return again;
  }

  /** In the app's place, which may still be running: so on a thread of its own. */
  private void giveUp(Exchange exchange, Reply reply) {
    try {
      if (reply.giveUp()) {
        IncomingHead head = exchange.incoming();
        Reply last = new Reply(link, head, settings, Reply.Terms.CLOSE);
        long bytesOut = link.bytesOut();
        send(last, Status.response(Rule.LEAVING.refusal()));
        long nanos = exchange.entry().end(last.status(), 0, link.bytesOut() - bytesOut);
        log(head, exchange.origin(), last, nanos);
        link.lost(); // for the app
        link.closeGently();
        link.close();
      } else if (!reply.complete() && reply.endsWithConnection()) {
        link.closeRoughly();
      }
    } catch (IOException _) {
      // The client has gone as well.
    }
  }

  /** What a request is told that no app is to see; null if one is. */
  private static @Nullable Response refused(
      @Nullable Refusal refusal, @Nullable Handshake handshake) {
    if (refusal != null) {
      return Status.response(refusal);
    }
    return handshake == null ? null : handshake.refusal();
  }

  /** Returns whether there is a head, be it one to refuse. */
  private boolean readHead(long until) throws IOException {
    while (!parser.takeHead(in)) {
      int count;
      try {
        count = link.read(in.clear(), until);
      } catch (SocketTimeoutException _) {
        ended(Limit.HEAD);
        parser.head().refuse(Rule.TIMEOUT.refusal());
        count = 0;
      } finally {
        in.flip();
      }
      if (count < 0) {
        return false;
      }
      if (count == 0) {
        return true;
      }
    }
    return true;
  }

  private boolean refuse(Response response, RequestBook.Entry entry, Origin origin, long bytesIn)
      throws IOException {
    IncomingHead head = parser.head();
    Reply reply = new Reply(link, head, settings, Reply.Terms.CLOSE);
    long bytesOut = link.bytesOut();
    try {
      send(reply, response);
    } finally {
      long taken = link.bytesIn() - bytesIn;
      log(head, origin, reply, entry.end(response.status(), taken, link.bytesOut() - bytesOut));
    }
    link.closeGently();
    return false;
  }

  private void answer(Exchange exchange, Reply reply, @Nullable WebSocketDoor door)
      throws IOException, InterruptedException {
    Outcome outcome;
    shared.turns().take();
    try {
      outcome = shared.running().run(() -> call(exchange, reply, door));
    } catch (IOException | InterruptedException known) {
      throw known;
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    } finally {
      shared.turns().giveBack();
    }
    if (door != null && outcome.failure() == null) {
      outcome = decide(shared.app(), outcome, door);
    }
    Refusal refusal = parser.head().refusal();
    if (refusal != null) {
      // Whatever the app made of the failing read: it was the request that was wrong. A response
      // that has begun is cut.
      if (reply.status() == 0) {
        send(reply, Status.response(refusal));
      }
      return;
    }
    if (outcome.failure() != null) {
      failed(exchange, reply, outcome.failure(), Status.error(500, ""));
    } else if (outcome.response() != null) {
      // Without a turn: a client that reads slowly holds up nobody but itself.
      try {
        send(reply, outcome.response());
      } catch (IllegalArgumentException | IllegalStateException invalid) {
        boolean upgrade = outcome.response().body() instanceof Response.Body.Upgrade;
        failed(
            exchange,
            reply,
            invalid,
            upgrade ? Handshake.upgradeRequired() : Status.error(500, ""));
      } catch (IOException failure) {
        if (link.broken()) {
          throw failure;
        }
        failed(exchange, reply, failure, Status.error(500, "")); // a file that cannot be read
      }
    }
  }

  /** Serves the WebSocket to its end, if there is one; without a turn, which its app takes. */
  private static Outcome decide(App app, Outcome outcome, WebSocketDoor door)
      throws InterruptedException {
    Response response = outcome.response();
    try {
      if (app instanceof AsyncApp) {
        door.awaitDecision();
      } else if (response != null && response.body() instanceof Response.Body.Upgrade upgrade) {
        door.serve(response.headers(), upgrade);
      } else {
        return outcome;
      }
      return new Outcome(null, null);
    } catch (IOException | RuntimeException failure) {
      return new Outcome(null, failure);
    }
  }

  /** Where the app runs. */
  // Whatever an app throws, errors included, is answered and logged; it must not end the worker.
  @SuppressWarnings("CatchingUnchecked")
  private Outcome call(Exchange exchange, Reply reply, @Nullable WebSocketDoor door) {
    exchange.entry().enter(Thread.currentThread());
    try {
      return switch (shared.app()) {
        case BlockingApp blocking -> call(blocking, exchange, reply);
        case AsyncApp async -> {
          if (door == null) {
            new AsyncCall(async, exchange, reply)
                .run(
                    failure ->
                        shared
                            .failedRequests()
                            .failed(exchange.incoming(), "failed after its response", failure));
          } else {
            door.begin(async);
          }
          yield new Outcome(null, null);
        }
      };
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      return new Outcome(null, thrown);
    } finally {
      exchange.entry().leave();
    }
  }

  private static Outcome call(BlockingApp app, Exchange exchange, Reply reply) throws Exception {
    Response response = app.handle(exchange);
    if (response == null) {
      throw new IllegalStateException("The app's handle returned null.");
    }
    response.background().ifPresent(exchange.entry()::afterwards);
    return switch (response.body()) {
      case Response.Body.Bytes whole when reply.takesTrailers(response) -> {
        stream(reply, response, out -> out.write(whole.bytes()));
        yield new Outcome(null, null);
      }
      case Response.Body.File file when reply.takesTrailers(response) -> {
        try (OpenFile open = OpenFile.open(file)) {
          reply.begin(response.status(), response.headers(), -1);
          reply.write(open);
          new ReplyStream(reply).end(response.trailers());
        }
        yield new Outcome(null, null);
      }
      case Response.Body.Bytes _, Response.Body.File _, Response.Body.Upgrade _ ->
          new Outcome(response, null);
      case Response.Body.Stream stream -> {
        stream(reply, response, stream.writer());
        yield new Outcome(null, null);
      }
    };
  }

  private static void stream(Reply reply, Response response, Response.Writer writer)
      throws IOException {
    boolean trailersFollow = reply.takesTrailers(response);
    reply.begin(response.status(), response.headers(), -1);
    ReplyStream out = new ReplyStream(reply);
    if (!reply.bodiless()) {
      writer.writeTo(out);
    }
    out.end(trailersFollow ? response.trailers() : Optional.empty());
  }

  private static void send(Reply reply, Response response) throws IOException {
    switch (response.body()) {
      case Response.Body.Bytes body -> reply.send(response, body.bytes());
      case Response.Body.File file -> {
        try (OpenFile open = OpenFile.open(file)) {
          reply.send(response, open);
        }
      }
      case Response.Body.Upgrade _ ->
          throw new IllegalStateException(
              "The app answered with a WebSocket, which the request does not ask for.");
      case Response.Body.Stream _ -> {} // it was written where the app ran
    }
  }

  private void failed(Exchange exchange, Reply reply, Throwable failure, Response answer)
      throws IOException {
    boolean clientGone = link.broken() && failsAtReadingOrWriting(failure);
    if (clientGone || failure instanceof AsyncCall.ClientLeft) {
      shared.failedRequests().clientLeft(exchange.incoming(), "with " + failure);
    } else {
      String what = reply.complete() ? "failed after its response" : "failed";
      shared.failedRequests().failed(exchange.incoming(), what, failure);
    }
    if (reply.status() == 0 && !clientGone) {
      send(reply, answer);
    }
  }

  /** Whatever the app has wrapped it in. */
  private static boolean failsAtReadingOrWriting(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < 10; depth++) {
      if (cause instanceof IOException) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  private void log(IncomingHead head, Origin origin, Reply reply, long nanos) {
    shared
        .log()
        .answered(head, origin.client(), reply.status(), reply.headers(), reply.bodyBytes(), nanos);
  }
}
