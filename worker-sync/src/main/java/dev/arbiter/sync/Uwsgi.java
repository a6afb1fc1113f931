package dev.arbiter.sync;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.Origin;
import dev.arbiter.http.UwsgiGate;
import dev.arbiter.http.UwsgiHead;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's head in the uwsgi protocol, exactly its bytes, and has the link begin with the
 * same head in HTTP: its body is the same in both. On the connection's thread.
 */
final class Uwsgi {

  private Uwsgi() {}

  /** The request's origin; null if the connection is not to be served. */
  static @Nullable Origin read(Link link, Conversation.Shared shared, UwsgiGate gate, Origin socket)
      throws IOException {
    if (!gate.admits(link.unix(), socket)) {
      return null;
    }
    UwsgiHead head = new UwsgiHead();
    long until = Link.after(shared.settings().headerTimeout());
    boolean begun = false;
    while (!head.done()) {
      ByteBuffer in = ByteBuffer.allocate(head.wants());
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
        return null;
      }
      begun = true;
      head.take(in.flip());
      String fault = head.fault();
      if (fault != null) {
        gate.turnedAway(socket.client(), fault);
        link.write(ByteBuffer.wrap(UwsgiGate.badRequest()), shared.settings().writeTimeout());
        return null;
      }
    }
    link.begin(head.http());
    return gate.origin(head, socket);
  }
}
