package dev.arbiter.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.loop.Pulse;
import dev.arbiter.observe.Identity;
import dev.arbiter.observe.StatusReport;
import dev.arbiter.supervise.FleetState;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jnr.enxio.channels.NativeSocketChannel;

/**
 * The status address: {@code /live}, {@code /ready} and {@code /status.json} over HTTP/1.x, for
 * probes and people. Each connection gets one answer and is closed; there are no bodies to read, so
 * of a request only its first line matters.
 */
final class StatusService implements Service {
  /** The loop turns every second when nothing happens. Longer than a pause of its collector. */
  private static final long LIVE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** An arbiter that cannot say how it is within this is as good as down. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int LONGEST_REQUEST = 8192;
  private static final Pattern FIRST_LINE =
      Pattern.compile("([A-Z]{1,20}) ([^ ?]+)(?:\\?[^ ]*)? HTTP/1\\.[01]\r?\n.*", Pattern.DOTALL);

  private final ArbiterLoop loop;
  private final Identity arbiter;

  StatusService(ArbiterLoop loop, Identity arbiter) {
    this.loop = loop;
    this.arbiter = arbiter;
  }

  @Override
  public Guest<?> welcome(int fd) {
    return new Guest<>(new NativeSocketChannel(fd), "");
  }

  @Override
  public int longestRequest() {
    return LONGEST_REQUEST;
  }

  @Override
  public boolean isWhole(byte[] bytes, int length) {
    for (int i = 1; i < length; i++) {
      // An empty line ends a request's head, RFC 9112 section 2.1; a bare LF is read as CRLF, 2.2.
      if (bytes[i] == '\n'
          && (bytes[i - 1] == '\n' || i > 1 && bytes[i - 1] == '\r' && bytes[i - 2] == '\n')) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Duration patience() {
    return PATIENCE;
  }

  @Override
  public String complaint(String why) {
    return response(400, "text/plain", why + "\n", false);
  }

  @Override
  public String full() {
    return response(503, "text/plain", "the arbiter has too much to do\n", false);
  }

  @Override
  public void answer(String request, Session session) {
    Matcher line = FIRST_LINE.matcher(request);
    if (!line.matches()) {
      session.send(complaint("expected a request of HTTP/1.1"));
      return;
    }
    boolean headOnly = line.group(1).equals("HEAD");
    if (!headOnly && !line.group(1).equals("GET")) {
      session.send(response(405, "text/plain", "only GET and HEAD\n", false));
      return;
    }
    switch (line.group(2)) {
      case "/live" -> session.send(live(headOnly));
      case "/ready" -> session.send(ready(headOnly));
      case "/status.json" -> status(session, headOnly);
      case "/metrics", "/" ->
          session.send(
              response(404, "text/plain", "not in this release; see /status.json\n", headOnly));
      default ->
          session.send(
              response(404, "text/plain", "there are /live, /ready and /status.json\n", headOnly));
    }
  }

  private String live(boolean headOnly) {
    long millis =
        TimeUnit.NANOSECONDS.toMillis(Math.max(0, System.nanoTime() - loop.pulse().nanos()));
    boolean turns = millis < TimeUnit.NANOSECONDS.toMillis(LIVE_NANOS);
    return response(
        turns ? 200 : 503,
        "text/plain",
        turns ? "live\n" : "the arbiter's loop has not turned for %d ms\n".formatted(millis),
        headOnly);
  }

  private String ready(boolean headOnly) {
    Pulse pulse = loop.pulse();
    boolean ready = pulse.state() != FleetState.STOPPING && pulse.serving() > 0;
    return response(
        ready ? 200 : 503,
        "text/plain",
        "%s: %d serving, %s%s\n"
            .formatted(
                ready ? "ready" : "not ready",
                pulse.serving(),
                pulse.state().name().toLowerCase(Locale.ROOT),
                pulse.degraded() ? ", degraded" : ""),
        headOnly);
  }

  private void status(Session session, boolean headOnly) {
    boolean taken =
        loop.look(
            view ->
                session.send(
                    () ->
                        response(
                            200,
                            "application/json",
                            Json.writeIndented(StatusReport.of(arbiter, view)) + "\n",
                            headOnly),
                    true));
    if (!taken) {
      session.send(full());
    }
  }

  private static String response(int status, String type, String body, boolean headOnly) {
    String reason =
        switch (status) {
          case 200 -> "OK";
          case 400 -> "Bad Request";
          case 404 -> "Not Found";
          case 405 -> "Method Not Allowed";
          default -> "Service Unavailable";
        };
    return "HTTP/1.1 %d %s\r\n".formatted(status, reason)
        + "Content-Type: %s; charset=utf-8\r\n".formatted(type)
        + "Content-Length: %d\r\n".formatted(body.getBytes(UTF_8).length)
        + (status == 405 ? "Allow: GET, HEAD\r\n" : "")
        + "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        + (headOnly ? "" : body);
  }
}
