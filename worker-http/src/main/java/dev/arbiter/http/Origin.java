package dev.arbiter.http;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a request comes from. Each connection has one, as its socket or a PROXY preamble tells it;
 * a request has another only where a trusted proxy says so in the header. Immutable, any thread.
 *
 * @param client the other end; null on a Unix socket, or where a trusted proxy does not say it
 * @param server this end; null on a Unix socket
 * @param scheme {@code http} or {@code https}
 * @param host what the client asked for, if a trusted proxy says so; null: see the Host field
 * @param trusted whether the forwarding fields that the other end sends are believed
 */
public record Origin(
    @Nullable SocketAddress client,
    @Nullable SocketAddress server,
    String scheme,
    @Nullable String host,
    boolean trusted) {}
