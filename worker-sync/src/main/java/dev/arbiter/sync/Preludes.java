package dev.arbiter.sync;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.Origin;
import dev.arbiter.http.Prelude;
import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.ProxyPreamble;
import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.UwsgiHead;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a connection begins with before there is HTTP on it, exactly its bytes, so that
 * whatever reads next begins where it ends. On the connection's thread.
 */
final class Preludes {

  private Preludes() {}

  /** What is done about a fault, before the connection is closed. */
  private interface Refusal {
    void refuse(String fault) throws IOException;
  }

  /** The origin that a PROXY preamble announces; null if the connection is not to be served. */
  static @Nullable Origin proxy(
      Link link, Conversation.Shared shared, ProxyGate gate, Origin socket) throws IOException {
    if (!gate.admits(link.unix(), socket)) {
      return null;
    }
    ProxyPreamble preamble = gate.preamble();
    Refusal refusal = fault -> gate.turnedAway(socket.client(), fault);
    return isRead(preamble, link, shared, socket, refusal) ? gate.origin(preamble, socket) : null;
  }

  /**
   * The origin of a request in the uwsgi protocol, the link beginning with the same head in HTTP
   * then: the body is the same in both. Null if the connection is not to be served.
   */
  static @Nullable Origin uwsgi(
      Link link, Conversation.Shared shared, UwsgiGate gate, Origin socket) throws IOException {
    if (!gate.admits(link.unix(), socket)) {
      return null;
    }
    UwsgiHead head = new UwsgiHead();
    Refusal refusal =
        fault -> {
          gate.turnedAway(socket.client(), fault);
          link.write(ByteBuffer.wrap(UwsgiGate.badRequest()), shared.settings().writeTimeout());
        };
    if (!isRead(head, link, shared, socket, refusal)) {
      return null;
    }
    link.begin(head.http());
    return gate.origin(head, socket);
  }

  /** Whether it is complete; otherwise the connection is not to be served. */
  private static boolean isRead(
      Prelude prelude, Link link, Conversation.Shared shared, Origin socket, Refusal refusal)
      throws IOException {
    long until = Link.after(shared.settings().headerTimeout());
    boolean begun = false;
    while (!prelude.done()) {
      ByteBuffer in = ByteBuffer.allocate(prelude.wants());
      int count;
      try {
        count = begun ? link.read(in, until) : link.readIdle(in, until);
      } catch (SocketTimeoutException _) {
        count = Link.LATE;
      }
      if (count == Link.LATE) {
        shared.connectionLog().ended(Limit.FIRST_BYTE, socket.client());
      }
      if (count < 0) {
        return false;
      }
      begun = true;
      prelude.take(in.flip());
      String fault = prelude.fault();
      if (fault != null) {
        refusal.refuse(fault);
        return false;
      }
    }
    return true;
  }
}
