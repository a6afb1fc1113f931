package dev.arbiter.http;

import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The settings of HTTP/2, for worker kinds that speak it.
 *
 * @param versions of HTTP to speak
 * @param clear how HTTP/2 begins on a connection without TLS
 * @param maxStreams most streams of a connection that are open at once
 * @param window bytes of one request's body that a client may send before the app reads
 * @param maxFrame longest frame that is taken, in bytes
 * @param maxHeaderList longest header list, as RFC 9113 section 6.5.2 counts it
 * @param drainTimeout how long a client may take to hear that the connection ends; zero: no limit
 */
public record Http2Settings(
    Http2Settings.Versions versions,
    Http2Settings.Clear clear,
    int maxStreams,
    int window,
    int maxFrame,
    long maxHeaderList,
    Duration drainTimeout) {

  /** What a worker speaks. */
  public enum Versions {
    /** HTTP/1, and HTTP/2 where the client asks for it. */
    AUTO,
    /** HTTP/1 alone. */
    ONE,
    /** HTTP/2 alone. */
    TWO
  }

  /** How HTTP/2 begins without TLS. */
  public enum Clear {
    /** It does not. */
    OFF,
    /** With the client's preface (RFC 9113 section 3.3). */
    PRIOR_KNOWLEDGE,
    /** With an {@code Upgrade} in HTTP/1.1 (RFC 7540 section 3.2). */
    UPGRADE,
    /** With either. */
    BOTH
  }

  /** As the operator set them. */
  public static Http2Settings from(WorkerSettings settings) {
    return new Http2Settings(
        switch (settings.text("http").orElse("auto")) {
          case "1" -> Versions.ONE;
          case "2" -> Versions.TWO;
          default -> Versions.AUTO;
        },
        Clear.valueOf(
            settings.text("h2c").orElse("off").toUpperCase(Locale.ROOT).replace('-', '_')),
        (int) settings.number("h2-max-concurrent-streams", 100),
        (int) settings.number("h2-initial-window-size", 65_535),
        (int) settings.number("h2-max-frame-size", 16_384),
        headerList(settings.number("h2-max-header-list-size", 0)),
        settings.duration("stream-drain-timeout", Duration.ofSeconds(5)));
  }

  private static long headerList(long setting) {
    return setting <= 0 ? RequestRules.HEAD_SIZE : setting;
  }

  /** What is offered in ALPN (RFC 7301), best first. */
  public List<String> applicationProtocols() {
    return switch (versions) {
      case AUTO -> List.of("h2", "http/1.1");
      case ONE -> List.of("http/1.1");
      case TWO -> List.of("h2");
    };
  }

  /** Whether a connection without TLS may begin with the preface. */
  public boolean priorKnowledge() {
    return only()
        || (versions == Versions.AUTO && (clear == Clear.PRIOR_KNOWLEDGE || clear == Clear.BOTH));
  }

  /** Whether a connection without TLS may be upgraded. */
  public boolean upgrade() {
    return versions == Versions.AUTO && (clear == Clear.UPGRADE || clear == Clear.BOTH);
  }

  /** Whether nothing but HTTP/2 is spoken. */
  public boolean only() {
    return versions == Versions.TWO;
  }
}
