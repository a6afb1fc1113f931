package dev.arbiter.http.tls;

import dev.arbiter.app.Hooks;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.AppHost;
import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.OutOfMemory;
import dev.arbiter.worker.WorkerContext;
import java.io.Serial;
import java.net.SocketAddress;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of TLS, for one worker: makes an engine for each connection, with the keys as
 * they were last read. Lives as long as the worker. Any thread.
 *
 * <p>Sessions are resumed by tickets. With OpenSSL their keys come from the arbiter, so any worker
 * resumes what another has begun, and new certificates change nothing in that. With the JDK each
 * process makes its own, so a client that comes back to another worker, or after {@link #reload},
 * makes a full handshake.
 */
public final class ServerTls implements AutoCloseable {
  private static final Duration WARM_UP = Duration.ofMillis(100);
  private static final String HOOK_FAILED = "The hook sslContext failed: ";

  /** What engines are made by. */
  private record Made(TlsProvider by, TlsEngines engines, Material material, String aside) {}

  private final TlsSettings settings;
  private final List<TlsProvider> providers;
  private final ServerNames names;
  private final WorkerContext worker;
  private final boolean verbose;

  /** Read: for as long as an engine is made. Write: to change what they are made by. */
  private final ReentrantReadWriteLock making = new ReentrantReadWriteLock();

  private Made made;
  private @Nullable TlsHook hook;
  private String decision = "";

  private ServerTls(TlsSettings settings, WorkerContext worker, @Nullable TlsProvider own)
      throws Wrong {
    this.settings = settings;
    this.worker = worker;
    verbose = worker.settings().text("log-level").orElse("").equals("debug");
    providers = providers(settings.provider(), own);
    names = new ServerNames(providers);
    made = make(WARM_UP);
    made.material().warnings().forEach(text -> worker.say("warning", text));
    tellProvider();
  }

  /**
   * As {@link #open(WorkerContext, List, TlsProvider)}, for a worker that speaks HTTP/1.1 only and
   * has the JDK's provider alone.
   */
  public static Optional<ServerTls> open(WorkerContext worker) throws BootFailure {
    return open(worker, List.of("http/1.1"), null);
  }

  /**
   * Reads and checks everything, and tries a handshake; empty if there is no {@code --certfile}.
   *
   * @param applications to offer in ALPN (RFC 7301), best first
   * @param own the provider that the kind has beside the JDK's
   * @throws BootFailure {@link BootFailure#WRONG_SETTING}, with a line that says which and why
   */
  public static Optional<ServerTls> open(
      WorkerContext worker, List<String> applications, @Nullable TlsProvider own)
      throws BootFailure {
    if (worker.settings().text("certfile").isEmpty()) {
      return Optional.empty();
    }
    worker.phase("reading keys and certificates");
    try {
      return Optional.of(
          new ServerTls(TlsSettings.from(worker.settings(), applications), worker, own));
    } catch (Wrong wrong) {
      throw new BootFailure(
          BootFailure.WRONG_SETTING, String.valueOf(wrong.getMessage()), wrong.hint(), null);
    }
  }

  /**
   * Gives the app's hook its say, now and whenever the files are read again.
   *
   * @throws BootFailure {@link BootFailure#WORKER_FAILED}: the hook fails, or its answer cannot be
   *     used
   */
  public synchronized void customise(TlsHook say) throws BootFailure {
    hook = say;
    TlsProvider before = made.by();
    try {
      replace(make(Duration.ZERO));
      if (!made.by().name().equals(before.name())) {
        tellProvider();
      }
    } catch (Wrong wrong) {
      throw new BootFailure(
          BootFailure.WORKER_FAILED,
          String.valueOf(wrong.getMessage()),
          wrong.hint(),
          wrong.getCause());
    }
  }

  /** Those to try, best first. */
  private static List<TlsProvider> providers(TlsSettings.Provider wanted, @Nullable TlsProvider own)
      throws Wrong {
    TlsProvider jdk = new JdkProvider();
    return switch (wanted) {
      case JDK -> List.of(jdk);
      case AUTO -> own == null ? List.of(jdk) : List.of(own, jdk);
      case OPENSSL -> {
        if (own == null) {
          throw new Wrong(
              "--ssl-provider openssl: this kind of worker has only the JDK's",
              "--worker-class netty has both");
        }
        yield List.of(own);
      }
    };
  }

  /** Once for a fleet, not for each worker. */
  private void tellProvider() {
    boolean first = worker.nr() == 0 && worker.generation() == 1;
    if (made.by() instanceof JdkProvider) {
      String why = made.aside().isEmpty() ? "" : ", because " + made.aside();
      if (first && (worker.workers() > 1 || !why.isEmpty())) {
        worker.say(
            "info",
            "TLS is the JDK's"
                + why
                + ": each worker resumes only the sessions that it has begun itself");
      }
    } else if (verbose) {
      worker.say("debug", "TLS is that of " + made.by().name());
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

  /**
   * For one new connection, with its handshake still to come. Where the provider counts references
   * to it, the caller has the one there is.
   */
  public SSLEngine engine() {
    making.readLock().lock();
    try {
      return made.engines().engine();
    } finally {
      making.readLock().unlock();
    }
  }

  /**
   * Reads the files again. Connections from now on get what is in them; those that exist keep what
   * they have. Files that cannot be used leave everything as it was, and are warned of.
   */
  public synchronized void reload() {
    Made next;
    try {
      next = make(Duration.ZERO);
    } catch (Wrong wrong) {
      worker.say("warning", "The certificates stay as they were: " + why(wrong));
      return;
    }
    next.material().warnings().forEach(text -> worker.say("warning", text));
    boolean same = next.material().fingerprint().equals(made.material().fingerprint());
    if (same && hook == null) {
      next.engines().close();
    } else {
      replace(next);
      worker.say(
          "info",
          same
              ? "What the hook sslContext answers is in use from now on"
              : "New certificates are in use from now on");
    }
  }

  /** With the stack trace where the app's own code has failed. */
  private static String why(Wrong wrong) {
    if (!(wrong.getCause() instanceof HookFailed failed)) {
      return String.valueOf(wrong.getMessage());
    }
    return HOOK_FAILED + AppHost.stackTrace(failed.thrown);
  }

  private void replace(Made next) {
    making.writeLock().lock();
    try {
      made.engines().close();
      made = next;
    } finally {
      making.writeLock().unlock();
    }
  }

  /** The arbiter has sent other secrets: tickets are made with them from now on. */
  public synchronized void rekey() {
    try {
      made.engines().tickets(ticketKeys(made.material()));
    } catch (GeneralSecurityException failed) {
      worker.say("warning", "The keys of session tickets stay as they were: " + failed);
    }
  }

  /**
   * Whom a hook lets in is known to nobody but this generation: nor are its tickets. One that
   * judges clients may judge otherwise at each call, and a ticket would come in without: so tickets
   * are then good for what this worker last heard of it.
   */
  private List<byte[]> ticketKeys(Material material) throws GeneralSecurityException {
    String judged = settings.clients() == TlsPlan.Clients.NONE ? "" : decision;
    return TicketKeys.of(
        worker.ticketSecrets(),
        hook == null ? material.admission() : material.admission() + worker.generation() + judged);
  }

  /** No more connections will come. */
  @Override
  public synchronized void close() {
    made.engines().close();
  }

  /** With the first provider that can do all of it. */
  private Made make(Duration warmUp) throws Wrong {
    Material material = Material.read(settings, names);
    String aside = "";
    for (TlsProvider provider : providers.subList(0, providers.size() - 1)) {
      try {
        return new Made(provider, open(provider, material, warmUp), material, aside);
      } catch (Wrong wrong) {
        if (wrong.getCause() instanceof HookFailed) {
          throw wrong; // it is asked once, and another provider does not make it better
        }
        aside = String.valueOf(wrong.getMessage());
      }
    }
    TlsProvider last = providers.getLast();
    return new Made(last, open(last, material, warmUp), material, aside);
  }

  private TlsEngines open(TlsProvider provider, Material material, Duration warmUp) throws Wrong {
    Optional<String> unavailable = provider.unavailable();
    if (unavailable.isPresent()) {
      throw new Wrong(
          provider.name() + " cannot be loaded: " + unavailable.get(),
          "--ssl-provider jdk does without; OpenSSL needs Linux with glibc on x86-64 or aarch64");
    }
    List<String> suites = CipherSuites.of(settings.ciphers(), provider.suites());
    TlsPlan plan =
        hooked(
            new TlsPlan(
                material.keys(),
                material.keyTypes(),
                settings.clients(),
                material.trust(),
                suites,
                settings.protocols().stream()
                    .filter(
                        protocol -> !protocol.equals("TLSv1.2") || CipherSuites.forTls12(suites))
                    .toList(),
                settings.applications()));
    Optional<String> objection = provider.objection(plan);
    if (objection.isPresent()) {
      throw new Wrong(
          provider.name() + " cannot be used: " + objection.get(), "--ssl-provider jdk does it");
    }
    try {
      return rehearsed(provider.open(plan), plan, material, warmUp);
    } catch (GeneralSecurityException | SSLException | IllegalArgumentException e) {
      throw new Wrong("TLS cannot be set up with these keys: " + e.getMessage(), "");
    }
  }

  // Whatever the app's code throws: it was to decide what TLS is, and has not.
  @SuppressWarnings("CatchingUnchecked")
  private TlsPlan hooked(TlsPlan plan) throws Wrong {
    TlsHook say = hook;
    if (say == null) {
      return plan;
    }
    decision = UUID.randomUUID().toString();
    try {
      Hooks.SslContext chosen =
          say.sslContext(
              new Hooks.SslContext(plan.keys(), plan.trust(), plan.protocols(), plan.suites()));
      return new TlsPlan(
          chosen.keys(),
          plan.keyTypes(),
          plan.clients(),
          chosen.trust(),
          chosen.cipherSuites(),
          chosen.protocols(),
          plan.applicationProtocols());
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      throw new Wrong(HOOK_FAILED + thrown, "", new HookFailed(thrown));
    }
  }

  /** So that it is told from what a provider cannot do. */
  private static final class HookFailed extends Exception {
    @Serial private static final long serialVersionUID = 1;

    private final Throwable thrown;

    HookFailed(Throwable thrown) {
      super(thrown);
      this.thrown = thrown;
    }
  }

  private TlsEngines rehearsed(TlsEngines engines, TlsPlan plan, Material material, Duration warmUp)
      throws Wrong, GeneralSecurityException {
    boolean fine = false;
    try {
      engines.tickets(ticketKeys(material));
      SSLEngine stage = engines.engine();
      try {
        Rehearsal.run(stage, plan, warmUp);
      } finally {
        engines.discard(stage);
      }
      fine = true;
      return engines;
    } finally {
      if (!fine) {
        engines.close();
      }
    }
  }

  /** A client failed at TLS: told at {@code --log-level debug} only, for any scanner can do it. */
  public void failed(@Nullable SocketAddress client, Exception cause) {
    if (verbose) {
      worker.say("debug", "TLS with " + client + " failed: " + cause.getMessage());
    }
  }

  /** What is known of a connection after its handshake. */
  public TlsInfo info(SSLEngine engine) {
    SSLSession session = engine.getSession();
    String name = names.of(engine);
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
