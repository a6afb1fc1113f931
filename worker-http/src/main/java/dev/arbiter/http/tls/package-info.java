/**
 * TLS as every kind of worker speaks it: keys and certificates are read, checked and put together
 * here, with the JDK's provider; a kind only moves the bytes of an {@link javax.net.ssl.SSLEngine}.
 */
@NullMarked
package dev.arbiter.http.tls;

import org.jspecify.annotations.NullMarked;
