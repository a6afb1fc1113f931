package dev.arbiter.http.tls;

import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * Who does the cryptography of TLS: the JDK, or what a kind of worker brings along. Any thread.
 *
 * <p>Keys, certificates and lists of revoked ones are always read, checked and chosen by this
 * package, so that they mean the same with every provider.
 */
public interface TlsProvider {
  /** For the log: {@code OpenSSL}. */
  String name();

  /** Why it cannot be used in this process, such as a native library that is missing. */
  Optional<String> unavailable();

  /** The cipher suites it knows, by the names of the RFCs. */
  Set<String> suites();

  /**
   * The name that the client of one of its engines has asked for, byte by byte as it was sent; from
   * the choice of a certificate on. Empty if it named none, or if the engine is another's.
   */
  Optional<String> serverName(SSLEngine engine);

  /** What it cannot do of a plan that is right in itself; empty if it can do all of it. */
  Optional<String> objection(TlsPlan plan);

  /**
   * Gets ready to make engines.
   *
   * @throws GeneralSecurityException keys and plan cannot be used together
   * @throws SSLException the same, in a provider's words
   */
  TlsEngines open(TlsPlan plan) throws GeneralSecurityException, SSLException;
}
