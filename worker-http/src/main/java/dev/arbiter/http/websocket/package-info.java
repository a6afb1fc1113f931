/**
 * WebSockets (RFC 6455, RFC 7692) as every HTTP worker speaks them: handshake, frames, the close
 * handshake, pings, and both app contracts. Moves no byte itself: a worker feeds a session what it
 * read and writes what the session has ready.
 */
@NullMarked
package dev.arbiter.http.websocket;

import org.jspecify.annotations.NullMarked;
