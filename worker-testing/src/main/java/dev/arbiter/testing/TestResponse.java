package dev.arbiter.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.Headers;
import java.util.List;
import java.util.Optional;

/** A response that is complete. */
public final class TestResponse {
  private final int status;
  private final Headers headers;
  private final byte[] body;
  private final Headers trailers;
  private final List<Interim> interim;

  /**
   * What the app has sent before its response, such as 103.
   *
   * @param status 102 to 199
   * @param headers of it alone
   */
  public record Interim(int status, Headers headers) {}

  TestResponse(int status, Headers headers, byte[] body, Headers trailers, List<Interim> interim) {
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.trailers = trailers;
    this.interim = interim;
  }

  /** {@return the status, 200 to 599} */
  public int status() {
    return status;
  }

  /**
   * {@return the header fields the app has sent, and {@code content-length} where a worker would
   * add it}
   */
  public Headers headers() {
    return headers;
  }

  /**
   * {@return the value of the first field of this name}
   *
   * @param name in any case
   */
  public Optional<String> header(String name) {
    return headers.first(name);
  }

  /** {@return the body; empty for HEAD, 204 and 304} */
  public byte[] bytes() {
    return body.clone();
  }

  /** {@return the body as UTF-8} */
  public String text() {
    return new String(body, UTF_8);
  }

  /** {@return the trailer fields; none if the request did not say {@code TE: trailers}} */
  public Headers trailers() {
    return trailers;
  }

  /** {@return the interim responses that came before, in order} */
  public List<Interim> interim() {
    return interim;
  }

  @Override
  public String toString() {
    return status + " " + headers + " " + body.length + " bytes";
  }
}
