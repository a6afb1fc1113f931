package dev.arbiter.http;

import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;

/**
 * The settings of WebSockets. Zero switches a limit off.
 *
 * @param on whether there are any; if not, a handshake is a request like others
 * @param maxSize longest message in bytes, as the app gets it
 * @param maxQueue most messages that wait for the app, and that wait for the client
 * @param pingInterval between two pings
 * @param pingTimeout how long a pong may take
 * @param deflate whether messages may be compressed
 * @param closeTimeout how long the client may take to answer a Close
 */
public record WebSocketSettings(
    boolean on,
    long maxSize,
    long maxQueue,
    Duration pingInterval,
    Duration pingTimeout,
    boolean deflate,
    Duration closeTimeout) {

  /** As the operator set them. */
  public static WebSocketSettings from(WorkerSettings settings) {
    return new WebSocketSettings(
        !settings.text("ws").orElse("auto").equals("none"),
        settings.number("ws-max-size", 16L << 20),
        settings.number("ws-max-queue", 32),
        settings.duration("ws-ping-interval", Duration.ofSeconds(20)),
        settings.duration("ws-ping-timeout", Duration.ofSeconds(20)),
        settings.flag("ws-per-message-deflate", true),
        settings.duration("stream-drain-timeout", Duration.ofSeconds(5)));
  }
}
