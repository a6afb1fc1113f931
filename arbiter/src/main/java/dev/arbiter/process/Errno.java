package dev.arbiter.process;

/**
 * The errors of errno(3) an operator may meet, in words. Numbers of Linux, the same on x86-64 and
 * aarch64.
 */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EAGAIN = 11;
  public static final int EACCES = 13;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ECONNABORTED = 103;
  public static final int ECONNREFUSED = 111;

  private Errno() {}

  /** A number in words. */
  public static String text(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case 7 -> "argument list too long";
      case 9 -> "bad file descriptor";
      case EAGAIN -> "resource temporarily unavailable";
      case 12 -> "cannot allocate memory";
      case EACCES -> "permission denied";
      case 17 -> "file exists";
      case 20 -> "not a directory";
      case 22 -> "invalid argument";
      case 24 -> "too many open files";
      case 30 -> "read-only file system";
      case 36 -> "file name too long";
      case 88 -> "not a socket";
      case EADDRINUSE -> "address already in use";
      case EADDRNOTAVAIL -> "cannot assign the requested address";
      case ECONNREFUSED -> "connection refused";
      default -> "errno " + errno;
    };
  }
}
