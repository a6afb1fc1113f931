package dev.arbiter.http.tls;

import dev.arbiter.app.Hooks;

/** The app's say in what TLS is made of; see {@link Hooks#sslContext}. */
@FunctionalInterface
public interface TlsHook {
  /** What is used in place of {@code standard}. */
  Hooks.SslContext sslContext(Hooks.SslContext standard) throws Exception;
}
