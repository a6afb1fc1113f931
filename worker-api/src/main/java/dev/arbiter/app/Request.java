package dev.arbiter.app;

import java.io.InputStream;

/** A request as a {@link BlockingApp} sees it. */
public interface Request extends RequestHead {

  /**
   * The body, read as it arrives: reading blocks until there is more. The first read answers an
   * {@code Expect: 100-continue}. Reading fails with an {@link java.io.IOException} if the client
   * goes away or makes no progress for {@code --body-timeout}.
   */
  InputStream body();
}
