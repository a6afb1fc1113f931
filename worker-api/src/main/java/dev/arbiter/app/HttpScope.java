package dev.arbiter.app;

/** One HTTP exchange, as an {@link AsyncApp} sees it. */
public non-sealed interface HttpScope extends Scope, RequestHead {

  /**
   * {@return the trailer fields that came after the body (RFC 9110 section 6.5); empty if there
   * were none} They are kept apart from {@link #headers}, and are no less a client's word than
   * those.
   *
   * @throws IllegalStateException the body was not read to its end yet, before which they are not
   *     known
   */
  default Headers trailers() {
    return Headers.empty();
  }
}
