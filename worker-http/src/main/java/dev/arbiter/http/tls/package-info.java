/**
 * TLS as every kind of worker speaks it: keys and certificates are read, checked and put together
 * here; a kind only moves the bytes of an {@link javax.net.ssl.SSLEngine}, and may bring a {@link
 * dev.arbiter.http.tls.TlsProvider} of its own beside the JDK's.
 */
@NullMarked
package dev.arbiter.http.tls;

import org.jspecify.annotations.NullMarked;
