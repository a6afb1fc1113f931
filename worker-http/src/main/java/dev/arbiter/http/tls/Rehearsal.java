package dev.arbiter.http.tls;

import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A handshake in memory, before there is a client: it shows whether keys, protocols and cipher
 * suites fit together. Then some records, for a moment: ciphers are slow until they are compiled,
 * and the first clients would wait for that.
 */
final class Rehearsal {
  /** More flights than any handshake has. */
  private static final int ROUNDS = 50;

  /** As large as a small request or response. */
  private static final int RECORD = 400;

  private Rehearsal() {}

  /**
   * Shakes hands with {@code server}, which is of no further use.
   *
   * @param plan what it was made by: what the client is made for
   * @param warmUp how long records are exchanged
   * @throws Wrong no client could connect
   */
  static void run(SSLEngine server, TlsPlan plan, Duration warmUp)
      throws Wrong, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anyone()}, null);
    SSLEngine client = context.createSSLEngine();
    client.setUseClientMode(true);
    // Whatever the server may be set to speak, the client can.
    Set<String> known = Set.of(client.getSupportedCipherSuites());
    client.setEnabledCipherSuites(
        plan.suites().stream().filter(known::contains).toArray(String[]::new));
    client.setEnabledProtocols(plan.protocols().toArray(String[]::new));
    server.setNeedClientAuth(false); // this client has no certificate, and is no stranger
    try {
      shake(client, server);
      long end = System.nanoTime() + warmUp.toNanos();
      while (isDone(client) && isDone(server) && System.nanoTime() - end < 0) {
        send(client, server);
        send(server, client);
      }
    } catch (SSLException refused) {
      throw new Wrong(
          "No client could connect with these keys, --ssl-version and --ciphers: "
              + refused.getMessage(),
          "an EC key needs cipher suites with ECDSA, an RSA key those with RSA");
    }
  }

  private static void shake(SSLEngine client, SSLEngine server) throws SSLException {
    int size = server.getSession().getPacketBufferSize() * 4;
    ByteBuffer toServer = ByteBuffer.allocate(size);
    ByteBuffer toClient = ByteBuffer.allocate(size);
    client.beginHandshake();
    server.beginHandshake();
    for (int i = 0; i < ROUNDS && !(isDone(client) && isDone(server)); i++) {
      step(client, toClient, toServer);
      step(server, toServer, toClient);
    }
    for (int i = 0; i < ROUNDS && toClient.position() > 0; i++) {
      step(client, toClient, toServer); // what the server said last: a ticket
    }
  }

  /** More than one record may come of it: a ticket, which waits for an occasion, goes first. */
  private static void send(SSLEngine from, SSLEngine to) throws SSLException {
    ByteBuffer text = ByteBuffer.allocate(RECORD);
    ByteBuffer records = ByteBuffer.allocate(from.getSession().getPacketBufferSize() * 2);
    for (int i = 0; i < ROUNDS && text.hasRemaining(); i++) {
      from.wrap(text, records);
    }
    records.flip();
    ByteBuffer opened = ByteBuffer.allocate(to.getSession().getApplicationBufferSize());
    for (int i = 0; i < ROUNDS && records.hasRemaining(); i++) {
      to.unwrap(records, opened);
    }
  }

  private static boolean isDone(SSLEngine engine) {
    return engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
  }

  private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
    ByteBuffer nothing = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    switch (engine.getHandshakeStatus()) {
      case NEED_TASK -> engine.getDelegatedTask().run();
      case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), out);
      default -> {
        in.flip();
        engine.unwrap(in, nothing);
        in.compact();
      }
    }
  }

  /** The only peer there is is this process itself. */
  private static final class Anyone extends X509ExtendedTrustManager {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
