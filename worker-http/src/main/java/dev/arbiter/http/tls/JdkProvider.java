package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;

/** The JDK's own TLS, SunJSSE: everywhere, for every kind of worker. */
final class JdkProvider implements TlsProvider {
  static {
    // A client could keep a server busy with it; nothing in HTTP needs it (RFC 7540 section 9.2.1
    // forbids it). Read once, when the JDK makes its first context.
    if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
      System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }
  }

  @Override
  public String name() {
    return "the JDK";
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Set<String> suites() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[0], new TrustManager[0], null); // reads no files
      return Set.of(context.getSupportedSSLParameters().getCipherSuites());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  public Optional<String> serverName(SSLEngine engine) {
    SSLSession shaking = engine.getHandshakeSession();
    SSLSession session = shaking == null ? engine.getSession() : shaking;
    if (session instanceof ExtendedSSLSession known) {
      for (SNIServerName name : known.getRequestedServerNames()) {
        if (name.getType() == StandardConstants.SNI_HOST_NAME) {
          return Optional.of(new String(name.getEncoded(), ISO_8859_1));
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public Optional<String> objection(TlsPlan plan) {
    return Optional.empty();
  }

  @Override
  public TlsEngines open(TlsPlan plan) throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {plan.keys()}, new TrustManager[] {plan.trust()}, null);
    return new Engines(context, parameters(plan));
  }

  private static SSLParameters parameters(TlsPlan plan) {
    SSLParameters parameters = new SSLParameters();
    parameters.setCipherSuites(plan.suites().toArray(String[]::new));
    parameters.setUseCipherSuitesOrder(true);
    parameters.setProtocols(plan.protocols().toArray(String[]::new));
    parameters.setApplicationProtocols(plan.applicationProtocols().toArray(String[]::new));
    switch (plan.clients()) {
      case NONE -> {}
      case OPTIONAL -> parameters.setWantClientAuth(true);
      case REQUIRED -> parameters.setNeedClientAuth(true);
    }
    return parameters;
  }

  private record Engines(SSLContext context, SSLParameters parameters) implements TlsEngines {
    @Override
    public SSLEngine engine() {
      SSLEngine engine = context.createSSLEngine();
      engine.setUseClientMode(false);
      engine.setSSLParameters(parameters);
      return engine;
    }

    @Override
    public boolean tickets(List<byte[]> keys) {
      return false; // its key is made inside each context, and nothing reaches it
    }

    @Override
    public void close() {}
  }
}
