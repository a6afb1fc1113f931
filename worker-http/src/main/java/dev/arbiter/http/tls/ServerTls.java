package dev.arbiter.http.tls;

import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.tls.TlsSettings.Clients;
import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerContext;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of TLS, for one worker: makes an engine for each connection, with the keys as
 * they were last read. Lives as long as the worker. Any thread.
 *
 * <p>Sessions are resumed by tickets whose key each process makes for itself, so a client that
 * comes back to another worker, or after {@link #reload}, makes a full handshake.
 */
public final class ServerTls {
  private static final Duration WARM_UP = Duration.ofMillis(100);

  static {
    // A client could keep a server busy with it; nothing in HTTP needs it (RFC 7540 section 9.2.1
    // forbids it). Read once, when the JDK makes its first context.
    if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
      System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    }
  }

  /** What an engine is made of. */
  private record Made(
      SSLContext context, SSLParameters parameters, String fingerprint, List<String> warnings) {}

  private final TlsSettings settings;
  private final WorkerContext worker;
  private final boolean verbose;
  private volatile Made made;

  private ServerTls(TlsSettings settings, WorkerContext worker) throws Wrong {
    this.settings = settings;
    this.worker = worker;
    verbose = worker.settings().text("log-level").orElse("").equals("debug");
    made = make(settings, WARM_UP);
    made.warnings().forEach(text -> worker.say("warning", text));
  }

  /** As {@link #open(WorkerContext, List)}, for a worker that speaks HTTP/1.1 only. */
  public static Optional<ServerTls> open(WorkerContext worker) throws BootFailure {
    return open(worker, List.of("http/1.1"));
  }

  /**
   * Reads and checks everything, and tries a handshake; empty if there is no {@code --certfile}.
   *
   * @param applications to offer in ALPN (RFC 7301), best first
   * @throws BootFailure {@link BootFailure#WRONG_SETTING}, with a line that says which and why
   */
  public static Optional<ServerTls> open(WorkerContext worker, List<String> applications)
      throws BootFailure {
    if (worker.settings().text("certfile").isEmpty()) {
      return Optional.empty();
    }
    worker.phase("reading keys and certificates");
    try {
      return Optional.of(new ServerTls(TlsSettings.from(worker.settings(), applications), worker));
    } catch (Wrong wrong) {
      throw new BootFailure(
          BootFailure.WRONG_SETTING, String.valueOf(wrong.getMessage()), wrong.hint(), null);
    }
  }

  /** Whether connections that come in there speak TLS. */
  public boolean serves(ListenerInfo listener) {
    return settings.listeners().contains(listener.fd());
  }

  /** A handshake may take this long; zero: no limit. */
  public Duration handshakeTimeout() {
    return settings.handshakeTimeout();
  }

  /** For one new connection, with its handshake still to come. */
  public SSLEngine engine() {
    return engine(made);
  }

  private static SSLEngine engine(Made of) {
    SSLEngine engine = of.context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setSSLParameters(of.parameters());
    return engine;
  }

  /**
   * Reads the files again. Connections from now on get what is in them; those that exist keep what
   * they have. Files that cannot be used leave everything as it was, and are warned of.
   */
  public synchronized void reload() {
    try {
      Made next = make(settings, Duration.ZERO);
      next.warnings().forEach(text -> worker.say("warning", text));
      if (!next.fingerprint().equals(made.fingerprint())) {
        made = next;
        worker.say("info", "New certificates are in use from now on");
      }
    } catch (Wrong wrong) {
      worker.say("warning", "The certificates stay as they were: " + wrong.getMessage());
    }
  }

  private static Made make(TlsSettings settings, Duration warmUp) throws Wrong {
    Files files = new Files(settings.password(), System.getenv());
    Credentials standard = Credentials.read(files, settings.certificate(), settings.key());
    Map<String, Credentials> named = new LinkedHashMap<>();
    for (Map.Entry<String, TlsSettings.Pair> entry : settings.named().entrySet()) {
      TlsSettings.Pair pair = entry.getValue();
      named.put(entry.getKey(), Credentials.read(files, pair.certificate(), pair.key()));
    }
    List<String> warnings = new ArrayList<>();
    Stream.concat(Stream.of(standard), named.values().stream())
        .flatMap(one -> Validity.problem(one.own()).stream())
        .forEach(warnings::add);
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {new KeyChoice(standard, named)}, trust(settings, files), null);
      SSLParameters parameters = parameters(settings, context);
      Made made = new Made(context, parameters, files.fingerprint(), List.copyOf(warnings));
      Rehearsal.run(engine(made), settings.clients() == Clients.REQUIRED, warmUp);
      return made;
    } catch (GeneralSecurityException e) {
      throw new Wrong("TLS cannot be set up with these keys: " + e.getMessage(), "");
    }
  }

  private static TrustManager @Nullable [] trust(TlsSettings settings, Files files)
      throws Wrong, GeneralSecurityException {
    if (settings.clients() == Clients.NONE) {
      return null;
    }
    return ClientTrust.of(
        Credentials.certificates(settings.authorities(), files.read(settings.authorities())),
        settings.revoked().path().isEmpty()
            ? List.of()
            : Credentials.revoked(settings.revoked(), files.read(settings.revoked())));
  }

  private static SSLParameters parameters(TlsSettings settings, SSLContext context) throws Wrong {
    Set<String> supported = Set.of(context.getSupportedSSLParameters().getCipherSuites());
    List<String> suites = CipherSuites.of(settings.ciphers(), supported);
    SSLParameters parameters = new SSLParameters();
    parameters.setCipherSuites(suites.toArray(String[]::new));
    parameters.setUseCipherSuitesOrder(true);
    parameters.setProtocols(
        settings.protocols().stream()
            .filter(protocol -> !protocol.equals("TLSv1.2") || CipherSuites.forTls12(suites))
            .toArray(String[]::new));
    parameters.setApplicationProtocols(settings.applications().toArray(String[]::new));
    switch (settings.clients()) {
      case NONE -> {}
      case OPTIONAL -> parameters.setWantClientAuth(true);
      case REQUIRED -> parameters.setNeedClientAuth(true);
    }
    return parameters;
  }

  /** A client failed at TLS: told at {@code --log-level debug} only, for any scanner can do it. */
  public void failed(@Nullable SocketAddress client, Exception cause) {
    if (verbose) {
      worker.say("debug", "TLS with " + client + " failed: " + cause.getMessage());
    }
  }

  /** What is known of a connection after its handshake. */
  public static TlsInfo info(SSLEngine engine) {
    SSLSession session = engine.getSession();
    String name = session instanceof ExtendedSSLSession known ? KeyChoice.name(known) : "";
    return new TlsInfo(
        session.getProtocol(),
        session.getCipherSuite(),
        name.isEmpty() ? Optional.empty() : Optional.of(name),
        clientCertificates(session));
  }

  private static List<X509Certificate> clientCertificates(SSLSession session) {
    try {
      List<X509Certificate> chain = new ArrayList<>();
      for (Certificate certificate : session.getPeerCertificates()) {
        chain.add((X509Certificate) certificate);
      }
      return List.copyOf(chain);
    } catch (SSLPeerUnverifiedException nobody) {
      return List.of();
    }
  }

  /**
   * Whether a connection that begins so speaks HTTP in the clear: a method is letters, and no
   * record of TLS begins with one (RFC 8446 section 5.1: 20 to 23).
   */
  public static boolean isPlainHttp(byte first) {
    return first > 0 && Character.isLetter(first);
  }
}
