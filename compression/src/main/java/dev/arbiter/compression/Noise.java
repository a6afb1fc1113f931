package dev.arbiter.compression;

import java.security.SecureRandom;

/**
 * How many bytes that mean nothing a body gets, so that its length tells less of what is in it. The
 * most is that of the gzip bodies of {@link dev.arbiter.app.middleware.Compression}.
 */
final class Noise {
  private static final int MOST = 64;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Noise() {}

  /** 1 to 64. */
  static int length() {
    return 1 + RANDOM.nextInt(MOST);
  }
}
