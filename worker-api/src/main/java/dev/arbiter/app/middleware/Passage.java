package dev.arbiter.app.middleware;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import java.util.Map;
import java.util.Optional;

/** What a {@link Middleware} wants done with one request: by default, nothing. */
public interface Passage {

  /** The request is none of the middleware's business. */
  Passage ON = new Passage() {};

  /**
   * Answers the request in the app's stead, which never sees it.
   *
   * @param response sent as if the app had returned it
   * @return what to return from {@link Middleware#enter}
   */
  static Passage answered(Response response) {
    return new Passage() {
      @Override
      public Optional<Response> answer() {
        return Optional.of(response);
      }
    };
  }

  /**
   * What to answer in place of the app; empty to let the request pass. The rest of this passage is
   * not asked then.
   *
   * @return a response whose body is {@link Response.Body.Bytes}, so that both contracts can send
   *     it
   */
  default Optional<Response> answer() {
    return Optional.empty();
  }

  /**
   * {@return what the app finds in {@code state()}, for this request only, beside what is there}
   */
  default Map<String, Object> state() {
    return Map.of();
  }

  /**
   * {@return the header fields to send}
   *
   * @param status the app's
   * @param headers the app's
   */
  default Headers headers(int status, Headers headers) {
    return headers;
  }

  /**
   * The app is done: a blocking app has returned and, if its body is a stream, written it; an async
   * app's stage has completed. A WebSocket that a blocking app accepts only begins then. Called
   * once, on any thread.
   *
   * @param status of the app's response, 101 for a WebSocket; 500 if it failed, 0 if it sent none
   * @param failure what it threw, if it did
   */
  default void ended(int status, Optional<Throwable> failure) {}
}
