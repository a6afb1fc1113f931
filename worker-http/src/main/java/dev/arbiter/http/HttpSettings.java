package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * The settings of HTTP that every worker kind keeps. Zero switches a time limit off.
 *
 * @param rules what a request must keep
 * @param keepAlive how long a connection may be idle between requests
 * @param headerTimeout for a request's head, from its first byte; and for a new connection's first
 *     request
 * @param bodyTimeout without progress while the app reads
 * @param writeTimeout without progress while the client should read
 * @param serverHeader whether responses say who serves
 * @param dateHeader whether responses say when
 * @param rootPath where the app is mounted
 * @param headers what every response has that does not bring a field of the same name
 * @param proxy whom to believe about where requests come from
 * @param sendfile whether the system may send files without their being copied
 * @param webSocket the settings of WebSockets
 * @param http2 the settings of HTTP/2
 */
public record HttpSettings(
    RequestRules rules,
    Duration keepAlive,
    Duration headerTimeout,
    Duration bodyTimeout,
    Duration writeTimeout,
    boolean serverHeader,
    boolean dateHeader,
    String rootPath,
    Headers headers,
    ProxySettings proxy,
    boolean sendfile,
    WebSocketSettings webSocket,
    Http2Settings http2) {

  /** As the operator set them. */
  public static HttpSettings from(WorkerSettings settings) {
    return new HttpSettings(
        RequestRules.from(settings),
        settings.duration("keep-alive", Duration.ofSeconds(5)),
        settings.duration("header-timeout", Duration.ofSeconds(10)),
        settings.duration("body-timeout", Duration.ofSeconds(30)),
        settings.duration("write-timeout", Duration.ofSeconds(30)),
        settings.flag("server-header", true),
        settings.flag("date-header", true),
        settings.text("root-path").orElse(""),
        headers(settings.text("header").orElse("")),
        ProxySettings.from(settings),
        settings.flag("sendfile", true),
        WebSocketSettings.from(settings),
        Http2Settings.from(settings));
  }

  /** A line for each, {@code NAME:VALUE}. */
  private static Headers headers(String lines) {
    return Headers.of(
        lines
            .lines()
            .flatMap(line -> Stream.of(line.split(":", 2)))
            .map(String::strip)
            .toArray(String[]::new));
  }
}
