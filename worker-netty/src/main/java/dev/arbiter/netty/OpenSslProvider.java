package dev.arbiter.netty;

import dev.arbiter.http.Leniency;
import dev.arbiter.http.tls.TlsEngines;
import dev.arbiter.http.tls.TlsPlan;
import dev.arbiter.http.tls.TlsProvider;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.KeyManagerFactoryWrapper;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * TLS by OpenSSL, as Netty has it: BoringSSL, inside one native library. Any thread.
 *
 * <p>Design note. What it has of a connection lies outside the heap and is counted: the handler in
 * the pipeline gives it back when it is removed, at the latest at the end of the channel. Engines
 * hold on to what they were made by, so {@link TlsEngines#close} need not wait for them.
 */
final class OpenSslProvider implements TlsProvider {
  /** BoringSSL signs with no others for a server that Netty sets up. */
  private static final Set<String> KEY_TYPES = Set.of("RSA", "EC");

  private static final Set<String> TLS_1_3 =
      Set.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

  @Override
  public String name() {
    return "OpenSSL";
  }

  @Override
  public Optional<String> unavailable() {
    return OpenSsl.isAvailable()
        ? Optional.empty()
        : Optional.of(String.valueOf(OpenSsl.unavailabilityCause()));
  }

  @Override
  public Set<String> suites() {
    return OpenSsl.availableJavaCipherSuites();
  }

  /** Why a handshake failed: Netty may tell it only as the cause of that there was a problem. */
  static Exception reason(SSLException failure) {
    return "General OpenSslEngine problem".equals(failure.getMessage())
            && failure.getCause() instanceof Exception told
            && told.getMessage() != null
        ? told
        : failure;
  }

  /**
   * Asks OpenSSL itself: Netty's session makes a {@link javax.net.ssl.SNIHostName} of the name,
   * which throws for an underscore, an empty label or a dot at the end.
   */
  @Override
  public Optional<String> serverName(SSLEngine engine) {
    if (!(engine instanceof ReferenceCountedOpenSslEngine own) || own.refCnt() == 0) {
      return Optional.empty();
    }
    synchronized (own) { // as Netty does, lest it be freed meanwhile
      long pointer = own.sslPointer();
      return pointer == 0 ? Optional.empty() : Optional.ofNullable(SSL.getSniHostname(pointer));
    }
  }

  @Override
  public Optional<String> objection(TlsPlan plan) {
    if (!KEY_TYPES.containsAll(plan.keyTypes())) {
      return Optional.of("its keys are RSA or EC");
    }
    if (plan.protocols().contains("TLSv1.3") && !plan.suites().containsAll(TLS_1_3)) {
      return Optional.of("--ciphers cannot leave out suites of TLS 1.3, all of which it offers");
    }
    return Optional.empty();
  }

  @Override
  public TlsEngines open(TlsPlan plan) throws SSLException {
    SslContext context =
        SslContextBuilder.forServer(
                new OpenSslCachingX509KeyManagerFactory(new KeyManagerFactoryWrapper(plan.keys())))
            .sslProvider(SslProvider.OPENSSL_REFCNT)
            .trustManager(new OpenSslTrust(plan.trust()))
            .clientAuth(
                switch (plan.clients()) {
                  case NONE -> ClientAuth.NONE;
                  case OPTIONAL -> ClientAuth.OPTIONAL;
                  case REQUIRED -> ClientAuth.REQUIRE;
                })
            .ciphers(plan.suites())
            .protocols(plan.protocols())
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    Leniency.UNKNOWN_ALPN_WITH_OPENSSL
                        ? SelectorFailureBehavior.NO_ADVERTISE
                        : SelectorFailureBehavior.FATAL_ALERT, // which Netty does not have here
                    SelectedListenerFailureBehavior.ACCEPT,
                    plan.applicationProtocols()))
            .build();
    return new Engines(context);
  }

  private record Engines(SslContext context) implements TlsEngines {
    @Override
    public SSLEngine engine() {
      return context.newEngine(ByteBufAllocator.DEFAULT);
    }

    @Override
    public void discard(SSLEngine engine) {
      ReferenceCountUtil.release(engine);
    }

    @Override
    public boolean tickets(List<byte[]> keys) {
      ((OpenSslSessionContext) context.sessionContext())
          .setTicketKeys(
              keys.stream().map(Engines::ticketKey).toArray(OpenSslSessionTicketKey[]::new));
      return true;
    }

    private static OpenSslSessionTicketKey ticketKey(byte[] key) {
      int name = OpenSslSessionTicketKey.NAME_SIZE;
      int hmac = name + OpenSslSessionTicketKey.HMAC_KEY_SIZE;
      return new OpenSslSessionTicketKey(
          Arrays.copyOfRange(key, 0, name),
          Arrays.copyOfRange(key, name, hmac),
          Arrays.copyOfRange(key, hmac, hmac + OpenSslSessionTicketKey.AES_KEY_SIZE));
    }

    @Override
    public void close() {
      ReferenceCountUtil.release(context);
    }
  }
}
