package dev.arbiter.http;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a connection begins with before there is HTTP on it, while its bytes arrive, in whatever
 * parts. It takes exactly its own bytes: what follows stays where it was. One thread.
 */
public interface Prelude {
  /** Whether it is complete. */
  boolean done();

  /** What is wrong with it, without anything the peer sent; null if nothing is so far. */
  @Nullable String fault();

  /**
   * How many more bytes may be read without going beyond its end; 0 if it is {@link #done} or has a
   * {@link #fault}.
   */
  int wants();

  /** Takes what belongs to it from {@code in}, and leaves the rest. */
  void take(ByteBuffer in);
}
