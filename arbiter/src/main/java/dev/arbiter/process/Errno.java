package dev.arbiter.process;

import dev.arbiter.worker.Abi;

/** The errors of errno(3) an operator may meet, in words. */
public final class Errno {
  private Errno() {}

  /** A number in words. */
  public static String text(int errno) {
    return switch (errno) {
      case Abi.EPERM -> "operation not permitted";
      case Abi.ENOENT -> "no such file or directory";
      case 7 -> "argument list too long";
      case Abi.EBADF -> "bad file descriptor";
      case Abi.EAGAIN -> "resource temporarily unavailable";
      case Abi.ENOMEM -> "cannot allocate memory";
      case Abi.EACCES -> "permission denied";
      case 17 -> "file exists";
      case 20 -> "not a directory";
      case Abi.EINVAL -> "invalid argument";
      case Abi.EMFILE -> "too many open files";
      case 30 -> "read-only file system";
      case 36 -> "file name too long";
      case Abi.ENOTSOCK -> "not a socket";
      case Abi.EADDRINUSE -> "address already in use";
      case Abi.EADDRNOTAVAIL -> "cannot assign the requested address";
      case Abi.ECONNREFUSED -> "connection refused";
      default -> "errno " + errno;
    };
  }
}
