package dev.arbiter.http.tls;

import java.util.List;
import javax.net.ssl.SSLEngine;

/** Makes the engines of one plan. Any thread; not used after {@link #close}. */
public interface TlsEngines extends AutoCloseable {
  /** For one new connection, with its handshake still to come, as the server. */
  SSLEngine engine();

  /** Takes back an engine that {@link #engine} has made and no connection has used. */
  default void discard(SSLEngine engine) {}

  /**
   * Takes the keys that session tickets are encrypted with, for all engines of this plan.
   *
   * @param keys at least one, of {@link #TICKET_KEY} bytes each: the first encrypts, all decrypt
   * @return whether the provider can be given keys; if not, each process makes its own, and only
   *     the one that made a session can resume it
   */
  boolean tickets(List<byte[]> keys);

  /** Bytes of a ticket's key: 16 to find it by, 16 that sign (HMAC), 16 that encrypt (AES). */
  int TICKET_KEY = 48;

  /** No more engines will be made; those that exist live on. */
  @Override
  void close();
}
