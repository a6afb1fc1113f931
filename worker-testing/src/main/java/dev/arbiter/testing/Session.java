package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.WebSocket.Message;
import java.io.IOException;
import java.io.Serial;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An open WebSocket between an app and a test, without frames: messages in both directions with the
 * back-pressure of a connection, and one end that both sides learn of. Any thread.
 *
 * <p>Who closes first decides the code (RFC 6455 section 7.1.5). The test's side answers the app's
 * close at once, as a client's library does, whether or not the test is reading.
 */
final class Session {
  /** Bytes an app may send ahead of a client that does not read. */
  private static final int ROOM = 64 * 1024;

  /** Messages that may wait in each direction: the default of {@code --ws-max-queue}. */
  private static final int QUEUE = 32;

  private static final int REASON_SIZE = 123;
  private static final int NORMAL = 1000;
  private static final int ABNORMAL = 1006;
  private static final int INTERNAL = 1011;

  /** What an app's sending fails with when its WebSocket has ended: no fault of the app. */
  static final class Closed extends IOException {
    @Serial private static final long serialVersionUID = 1;
    private static final int DEPTH = 10;

    Closed() {
      super("The WebSocket is closed.");
    }

    /** Whether {@code failure} comes of it. */
    static boolean causes(@Nullable Throwable failure) {
      Throwable cause = failure;
      for (int depth = 0; cause != null && depth < DEPTH; depth++) {
        if (cause instanceof Closed) {
          return true;
        }
        cause = cause.getCause();
      }
      return false;
    }
  }

  private record Outgoing(Message message, int size, CompletableFuture<Void> taken) {}

  private final Deque<Message> toApp = new ArrayDeque<>();
  private final Deque<Outgoing> toClient = new ArrayDeque<>();
  private long waiting;
  private @Nullable CompletableFuture<Message> appWaits;
  private @Nullable CompletableFuture<Message> clientWaits;
  private @Nullable CompletableFuture<Void> clientRoom;

  /** What the app is given last, and the test; both null as long as it is open. */
  private Message.@Nullable Close appEnd;

  private Message.@Nullable Close clientEnd;
  private boolean appEndGiven;
  private boolean clientKnows;

  // ---- the app

  /** The next message; the end, once. */
  synchronized CompletableFuture<Message> receive() {
    if (appWaits != null) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("The app asked for a message while it waits for one."));
    }
    Message message = toApp.poll();
    if (message != null) {
      CompletableFuture<Void> room = clientRoom;
      clientRoom = null;
      if (room != null) {
        room.complete(null);
      }
      return CompletableFuture.completedFuture(message);
    }
    if (appEnd == null) {
      CompletableFuture<Message> waits = new CompletableFuture<>();
      appWaits = waits;
      return waits;
    }
    if (appEndGiven) {
      return CompletableFuture.failedFuture(new Closed());
    }
    appEndGiven = true;
    return CompletableFuture.completedFuture(appEnd);
  }

  /** Completes when there is room for the next; fails with {@link Closed}. */
  synchronized CompletableFuture<Void> send(Message message) {
    if (clientEnd != null) {
      return CompletableFuture.failedFuture(new Closed());
    }
    CompletableFuture<Message> taker = clientWaits;
    if (taker != null) {
      clientWaits = null;
      taker.complete(message);
      return CompletableFuture.completedFuture(null);
    }
    Outgoing out = new Outgoing(message, size(message), new CompletableFuture<>());
    toClient.add(out);
    waiting += out.size();
    if (waiting <= ROOM) {
      out.taken().complete(null);
    }
    return out.taken();
  }

  /** Whether as many messages wait for room as may. */
  synchronized boolean crowded() {
    return toClient.stream().filter(out -> !out.taken().isDone()).count() >= QUEUE;
  }

  /**
   * Closes, after what was sent before; nothing if it is closed already.
   *
   * @throws IllegalArgumentException if the code may not be sent, or the reason is too long
   */
  synchronized void close(int code, String reason) {
    requireSendable(code, reason);
    if (appEnd == null) {
      end(new Message.Close(code, reason), new Message.Close(code, reason), false);
    }
  }

  /** The app is done. */
  void done() {
    close(NORMAL, "");
  }

  /** The app has failed. */
  void failed() {
    close(INTERNAL, "");
  }

  // ---- the test

  /** The next message; after the last the end, again and again. One call at a time. */
  synchronized CompletableFuture<Message> clientReceive() {
    if (clientWaits != null) {
      return clientWaits; // of a wait that was given up: it has the next message
    }
    Outgoing out = toClient.poll();
    if (out != null) {
      waiting -= out.size();
      out.taken().complete(null);
      long before = 0;
      for (Outgoing next : toClient) {
        before += next.size();
        if (before > ROOM) {
          break;
        }
        next.taken().complete(null);
      }
      return CompletableFuture.completedFuture(out.message());
    }
    if (clientEnd != null) {
      clientKnows = true;
      return CompletableFuture.completedFuture(clientEnd);
    }
    CompletableFuture<Message> waits = new CompletableFuture<>();
    clientWaits = waits;
    return waits;
  }

  /** Completes when the app has taken enough for another; dropped if the app has closed. */
  synchronized CompletableFuture<Void> clientSend(Message message) {
    if (clientKnows) {
      throw new IllegalStateException("The WebSocket is closed: " + clientEnd);
    }
    CompletableFuture<Message> taker = appWaits;
    if (appEnd != null) {
      return CompletableFuture.completedFuture(null);
    }
    if (taker != null) {
      appWaits = null;
      taker.complete(message);
      return CompletableFuture.completedFuture(null);
    }
    toApp.add(message);
    if (toApp.size() < QUEUE) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> room = new CompletableFuture<>();
    clientRoom = room;
    return room;
  }

  /** The client closes: what it sent before still reaches the app. */
  synchronized void clientClose(int code, String reason) {
    requireSendable(code, reason);
    clientKnows = true;
    if (appEnd == null) {
      end(new Message.Close(code, reason), new Message.Close(code, ""), true);
    }
  }

  /** The connection breaks. */
  synchronized void drop() {
    clientKnows = true;
    if (appEnd == null) {
      Message.Close broken = new Message.Close(ABNORMAL, "");
      end(broken, broken, true);
    }
  }

  private void end(Message.Close forApp, Message.Close forClient, boolean byClient) {
    appEnd = forApp;
    clientEnd = forClient;
    if (byClient) {
      toClient.forEach(out -> out.taken().completeExceptionally(new Closed()));
      toClient.clear();
    } else {
      toApp.clear();
    }
    CompletableFuture<Message> app = appWaits;
    if (app != null) {
      appWaits = null;
      appEndGiven = true;
      app.complete(forApp);
    }
    CompletableFuture<Message> client = clientWaits;
    if (client != null) {
      clientWaits = null;
      clientKnows = true;
      client.complete(forClient);
    }
    CompletableFuture<Void> room = clientRoom;
    if (room != null) {
      clientRoom = null;
      room.complete(null);
    }
  }

  private static int size(Message message) {
    return switch (message) {
      case Message.Text(String text) -> text.getBytes(UTF_8).length;
      case Message.Binary binary -> binary.bytes().remaining();
      case Message.Close _ -> 0;
    };
  }

  /** RFC 6455 section 7.4 and its registry; a control frame holds 125 bytes, two for the code. */
  private static void requireSendable(int code, String reason) {
    boolean sendable =
        (code >= 1000 && code <= 1003)
            || (code >= 1007 && code <= 1014)
            || (code >= 3000 && code <= 4999);
    if (!sendable) {
      throw new IllegalArgumentException("A WebSocket cannot be closed with " + code + ".");
    }
    if (reason.getBytes(UTF_8).length > REASON_SIZE) {
      throw new IllegalArgumentException("The reason of a close is at most 123 bytes.");
    }
  }
}
