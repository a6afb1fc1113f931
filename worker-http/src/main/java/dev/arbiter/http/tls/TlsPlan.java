package dev.arbiter.http.tls;

import java.util.List;
import java.util.Set;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What the server's side of TLS is made of, whoever makes it. Immutable.
 *
 * @param keys chooses certificate and key of each connection by the name that is asked for
 * @param keyTypes the algorithms of the keys, as {@link java.security.Key#getAlgorithm} has them
 * @param clients whether clients must show a certificate
 * @param trust judges those certificates; nobody's is good where none are asked for
 * @param suites cipher suites by the names of the RFCs, best first; those of TLS 1.3 among them
 * @param protocols {@code TLSv1.3}, {@code TLSv1.2}, or both
 * @param applicationProtocols for ALPN (RFC 7301), best first
 */
public record TlsPlan(
    X509ExtendedKeyManager keys,
    Set<String> keyTypes,
    Clients clients,
    X509ExtendedTrustManager trust,
    List<String> suites,
    List<String> protocols,
    List<String> applicationProtocols) {

  /** Whether a client must show a certificate. */
  public enum Clients {
    /** It is not asked for one. */
    NONE,
    /** If it has one, it must be good. */
    OPTIONAL,
    /** It is refused without. */
    REQUIRED
  }
}
