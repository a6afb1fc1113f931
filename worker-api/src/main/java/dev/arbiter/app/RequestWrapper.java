package dev.arbiter.app;

import java.io.IOException;
import java.io.InputStream;

/**
 * A request that says what another one says: extend it, and override what should differ, to give an
 * app another view of a request. Serves both contracts. As safe for several threads as what it
 * wraps.
 */
public class RequestWrapper extends HeadWrapper implements Request, HttpScope {

  /**
   * Wraps a {@link Request} or an {@link HttpScope}.
   *
   * @param wrapped what is said where nothing is overridden
   */
  public RequestWrapper(RequestHead wrapped) {
    super(wrapped);
  }

  /**
   * The body, as {@link Request#body} has it; empty if what was wrapped is no {@link Request}: an
   * {@link AsyncApp} receives its body otherwise.
   */
  @Override
  public InputStream body() {
    return wrapped() instanceof Request request ? request.body() : InputStream.nullInputStream();
  }

  @Override
  public Headers trailers() {
    return switch (wrapped()) {
      case Request request -> request.trailers();
      case HttpScope scope -> scope.trailers();
      default -> Headers.empty();
    };
  }

  /**
   * Whether the client has gone, as {@link Request#isDisconnected} has it; false if what was
   * wrapped is no {@link Request}: an {@link AsyncApp} receives {@link ReceiveEvent.Disconnect}.
   */
  @Override
  public boolean isDisconnected() {
    return wrapped() instanceof Request request && request.isDisconnected();
  }

  /**
   * Sends an interim response, as {@link Request#inform} has it; does nothing if what was wrapped
   * is no {@link Request}: an {@link AsyncApp} sends {@link SendEvent.Informational}.
   */
  @Override
  public void inform(int status, Headers headers) throws IOException {
    if (wrapped() instanceof Request request) {
      request.inform(status, headers);
    }
  }
}
