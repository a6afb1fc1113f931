package dev.arbiter.app;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * How a connection is secured.
 *
 * @param protocol {@code TLSv1.3} or {@code TLSv1.2}
 * @param cipherSuite by its IANA name, such as {@code TLS_AES_128_GCM_SHA256}
 * @param serverName the host name the client asked for (RFC 6066 section 3) as it was sent, not
 *     verified: it may differ from that of the Host header, or be none that a host can have; empty
 *     if it did not say, or said what is not printable ASCII
 * @param clientCertificates the client's own certificate first, then those that vouch for it,
 *     checked against {@code --ca-certs}; empty if it showed none
 */
public record TlsInfo(
    String protocol,
    String cipherSuite,
    Optional<String> serverName,
    List<X509Certificate> clientCertificates) {

  /** Copies the list. */
  public TlsInfo {
    clientCertificates = List.copyOf(clientCertificates);
  }
}
