package dev.arbiter.http.tls;

import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Optional;

/** Whether clients will take a certificate today; a server cannot know their clocks. */
final class Validity {
  private Validity() {}

  /** A line for the operator; empty if nothing is wrong. */
  static Optional<String> problem(X509Certificate certificate) {
    String name = certificate.getSubjectX500Principal().getName();
    try {
      certificate.checkValidity();
      return Optional.empty();
    } catch (CertificateExpiredException _) {
      return Optional.of(
          "The certificate of %s expired on %s"
              .formatted(name, certificate.getNotAfter().toInstant()));
    } catch (CertificateNotYetValidException _) {
      return Optional.of(
          "The certificate of %s is valid only from %s"
              .formatted(name, certificate.getNotBefore().toInstant()));
    }
  }
}
