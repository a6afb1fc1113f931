package dev.arbiter.netty;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;
import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Judges clients' certificates as another does, and tells OpenSSL why one is refused: for what it
 * is not told, the client gets the alert internal_error, as if the fault were the server's.
 */
final class OpenSslTrust extends X509ExtendedTrustManager {
  /** One of those that have no alert of their own, so that the client gets certificate_unknown. */
  private static final int OTHER = CertificateVerifier.X509_V_ERR_CRL_PATH_VALIDATION_ERROR;

  private final X509ExtendedTrustManager judge;

  OpenSslTrust(X509ExtendedTrustManager judge) {
    this.judge = judge;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
      throws CertificateException {
    try {
      judge.checkClientTrusted(chain, type, engine);
    } catch (OpenSslCertificateException told) {
      throw told;
    } catch (CertificateException refused) {
      throw new OpenSslCertificateException(refused.getMessage(), refused, reason(refused));
    }
  }

  private static int reason(CertificateException refused) {
    boolean pathless = false;
    for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException invalid
          && invalid.getReason() instanceof BasicReason reason) {
        switch (reason) {
          case EXPIRED -> {
            return CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
          }
          case NOT_YET_VALID -> {
            return CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
          }
          case REVOKED -> {
            return CertificateVerifier.X509_V_ERR_CERT_REVOKED;
          }
          case UNDETERMINED_REVOCATION_STATUS -> {
            return OTHER;
          }
          default -> {}
        }
      }
      pathless |= cause instanceof CertPathBuilderException;
    }
    return pathless ? CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY : OTHER;
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return judge.getAcceptedIssuers();
  }

  // ---- what a server's engine does not ask

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
      throws CertificateException {
    judge.checkClientTrusted(chain, type, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    judge.checkClientTrusted(chain, type);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
      throws CertificateException {
    judge.checkServerTrusted(chain, type, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
      throws CertificateException {
    judge.checkServerTrusted(chain, type, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    judge.checkServerTrusted(chain, type);
  }
}
