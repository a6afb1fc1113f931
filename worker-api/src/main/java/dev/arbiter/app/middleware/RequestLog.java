package dev.arbiter.app.middleware;

import dev.arbiter.app.Headers;
import dev.arbiter.app.RequestHead;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Gives each request an id and tells of its end. The id is the client's {@code X-Request-Id} if it
 * is harmless (1 to 128 letters, digits and {@code -_.:+/=@}), else a new one; the app finds it in
 * {@code state()} as {@link #ID}, and the client in the answer.
 *
 * <p>The worker's own access log knows more of the bytes and nothing of the app; this one is for
 * what the app logs of the same request, under the same id. What the worker logs of a request whose
 * app has failed names that id, too.
 */
public final class RequestLog implements Middleware {

  /** What the id is called in {@code state()}; a {@link String}. */
  public static final String ID = "request-id";

  private static final String FIELD = "x-request-id";
  private static final int LONGEST = 128;
  private static final System.Logger LOGGER = System.getLogger(RequestLog.class.getName());

  /**
   * A request that has ended.
   *
   * @param id the request's
   * @param request its head
   * @param status of the app's response; 500 if it failed, 0 if it sent none
   * @param duration from when the app was given it until the app was done with it
   * @param failure what the app threw, if it did
   */
  public record Entry(
      String id, RequestHead request, int status, Duration duration, Optional<Throwable> failure) {

    /**
     * In one line: {@code GET /path 200 12.345 ms id=...}; without the query, which may be secret.
     */
    @Override
    public String toString() {
      return "%s %s %d %.3f ms id=%s%s"
          .formatted(
              request.method(),
              request.rawPath(),
              status,
              duration.toNanos() / 1e6,
              id,
              failure.map(thrown -> " failed: " + thrown.getClass().getName()).orElse(""));
    }
  }

  private final Consumer<? super Entry> log;

  private RequestLog(Consumer<? super Entry> log) {
    this.log = log;
  }

  /**
   * Logs with the {@link System.Logger} of this class's name, at level INFO.
   *
   * @return a log of all requests that pass it
   */
  public static RequestLog create() {
    return new RequestLog(entry -> LOGGER.log(System.Logger.Level.INFO, entry.toString()));
  }

  /**
   * Gives each entry to {@code log}, on the thread that ended the request, which may be an event
   * loop: it must not block.
   *
   * @param log called by several threads at once
   * @return a log of all requests that pass it
   */
  public static RequestLog to(Consumer<? super Entry> log) {
    return new RequestLog(log);
  }

  @Override
  public Passage enter(RequestHead request) {
    String id =
        request.headers().first(FIELD).filter(RequestLog::harmless).orElseGet(RequestLog::newId);
    long start = System.nanoTime();
    return new Passage() {
      @Override
      public Map<String, Object> state() {
        return Map.of(ID, id);
      }

      @Override
      public Headers headers(int status, Headers headers) {
        return headers.contains(FIELD) ? headers : headers.with(FIELD, id);
      }

      @Override
      public void ended(int status, Optional<Throwable> failure) {
        Duration duration = Duration.ofNanos(System.nanoTime() - start);
        log.accept(new Entry(id, request, status, duration, failure));
      }
    };
  }

  private static boolean harmless(String id) {
    return !id.isEmpty()
        && id.length() <= LONGEST
        && id.chars()
            .allMatch(
                c ->
                    (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || "-_.:+/=@".indexOf(c) >= 0);
  }

  /** 128 random bits. They tell requests apart, and are no secret. */
  private static String newId() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
  }
}
