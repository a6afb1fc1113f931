package dev.arbiter.sync;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.Origin;
import dev.arbiter.http.ProxyGate;
import dev.arbiter.http.ProxyPreamble;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PROXY preamble off a connection, exactly its bytes, so that whatever reads next, TLS or
 * HTTP, begins where it ends. On the connection's thread.
 */
final class Preamble {

  private Preamble() {}

  /** The origin that is announced; null if the connection is not to be served. */
  static @Nullable Origin read(Link link, Conversation.Shared shared, ProxyGate gate, Origin socket)
      throws IOException {
    if (!gate.admits(link.unix(), socket)) {
      return null;
    }
    ProxyPreamble preamble = gate.preamble();
    long until = Link.after(shared.settings().headerTimeout());
    boolean begun = false;
    while (!preamble.done()) {
      ByteBuffer in = ByteBuffer.allocate(preamble.wants());
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
      preamble.take(in.flip());
      String fault = preamble.fault();
      if (fault != null) {
        gate.turnedAway(socket.client(), fault);
        return null;
      }
    }
    return gate.origin(preamble, socket);
  }
}
