package dev.arbiter.worker;

import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The numbers of Linux and of glibc that Arbiter's own system calls are made with: constants, sizes
 * of structs and the places in them. All of them, and nowhere else; for the arbiter, the workers
 * and nobody beside them.
 *
 * <p>Design note. They hold for x86-64 and aarch64, which agree in each (asm-generic in the
 * kernel's sources, {@code bits/} in those of glibc, both 64 bit and little-endian); what the two
 * differ in, such as O_DIRECTORY, struct stat or struct epoll_event, is not used. Another
 * architecture has others (SOCK_NONBLOCK of MIPS, SOL_SOCKET of SPARC), and another C library
 * structs of other sizes (posix_spawnattr_t of musl): a wrong one would write over foreign memory,
 * or quietly ask for something else. So whatever is not known here is refused, by {@link #refusal},
 * before the first call.
 */
@SuppressWarnings("doclint:missing") // the numbers have the names that the manual pages give them
public final class Abi {
  /** What to do about a {@link #refusal}. */
  public static final String HINT = "use an image or a system with glibc, such as Debian's";

  // errno(3)
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EBADF = 9;
  public static final int ECHILD = 10;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTSOCK = 88;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ECONNABORTED = 103;
  public static final int ENOBUFS = 105;
  public static final int ECONNREFUSED = 111;

  // open(2), fcntl(2), close_range(2), memfd_create(2), flock(2), stat(2)
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_APPEND = 0x400;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;
  public static final int F_SETFD = 2;
  public static final int F_GETFL = 3;
  public static final int F_SETFL = 4;
  public static final int F_DUPFD_CLOEXEC = 1030;
  public static final int FD_CLOEXEC = 1;
  public static final int CLOSE_RANGE_CLOEXEC = 4;
  public static final int MFD_CLOEXEC = 1;
  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;
  public static final int S_IFMT = 0170000;
  public static final int S_IFSOCK = 0140000;

  /** What a pipe keeps apart from other writes: pipe(7). */
  public static final int PIPE_BUF = 4096;

  // poll(2)
  public static final short POLLIN = 1;
  public static final short POLLOUT = 4;

  /** struct pollfd: an int, two shorts. */
  public static final int POLLFD_SIZE = 8;

  public static final int POLLFD_EVENTS = 4;
  public static final int POLLFD_REVENTS = 6;

  // socket(2), socket(7), tcp(7), ipv6(7), unix(7)
  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int SOCK_STREAM = 1;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_NONBLOCK = 0x800;
  public static final int SOCK_CLOEXEC = 0x80000;
  public static final int SOL_SOCKET = 1;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_REUSEPORT = 15;
  public static final int SO_RCVTIMEO = 20;
  public static final int SO_ACCEPTCONN = 30;
  public static final int SCM_RIGHTS = 1;
  public static final int MSG_DONTWAIT = 0x40;
  public static final int MSG_NOSIGNAL = 0x4000;
  public static final int IPPROTO_TCP = 6;
  public static final int IPPROTO_IPV6 = 41;
  public static final int IPV6_V6ONLY = 26;
  public static final int TCP_INFO = 11;

  /**
   * struct tcp_info: eight bytes, then 32-bit counters. On a listening socket the kernel puts the
   * length of its accept queue into the fifth (tcp_get_info in net/ipv4/tcp.c).
   */
  public static final int TCPI_UNACKED = 8 + 4 * 4;

  /** struct timeval: two longs. */
  public static final int TIMEVAL_SIZE = 16;

  public static final int SOCKADDR_IN_SIZE = 16;
  public static final int SOCKADDR_IN6_SIZE = 28;
  public static final int SOCKADDR_UN_SIZE = 110;
  public static final int SOCKADDR_STORAGE_SIZE = 128;

  /** Where a struct sockaddr has its port, an IPv4 and an IPv6 address, and a path. */
  public static final int SOCKADDR_PORT = 2;

  public static final int SOCKADDR_IN_ADDRESS = 4;
  public static final int SOCKADDR_IN6_ADDRESS = 8;
  public static final int SOCKADDR_UN_PATH = 2;

  /** struct iovec: a pointer and a length. */
  public static final int IOVEC_SIZE = 16;

  public static final int IOVEC_LENGTH = 8;

  /** struct msghdr. */
  public static final int MSGHDR_SIZE = 56;

  public static final int MSGHDR_NAME_LENGTH = 8;
  public static final int MSGHDR_PARTS = 16;
  public static final int MSGHDR_PART_COUNT = 24;
  public static final int MSGHDR_CONTROL = 32;
  public static final int MSGHDR_CONTROL_LENGTH = 40;

  /** struct cmsghdr with one descriptor behind it: CMSG_LEN and CMSG_SPACE of cmsg(3). */
  public static final int CMSG_LENGTH = 20;

  public static final int CMSG_SPACE = 24;
  public static final int CMSG_LEVEL = 8;
  public static final int CMSG_TYPE = 12;
  public static final int CMSG_DATA = 16;

  // wait(2)
  public static final int P_ALL = 0;
  public static final int WNOHANG = 1;
  public static final int WEXITED = 4;
  public static final int WNOWAIT = 0x0100_0000;
  public static final int SIGINFO_SIZE = 128;

  /** The place of si_pid in siginfo_t. */
  public static final int SIGINFO_PID = 16;

  // signal(7), sigprocmask(2), sigaction(2)
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGUSR1 = 10;
  public static final int SIGUSR2 = 12;
  public static final int SIGTERM = 15;
  public static final int SIGCHLD = 17;
  public static final int SIGTTIN = 21;
  public static final int SIGTTOU = 22;
  public static final int SIGWINCH = 28;
  public static final int SIG_IGN = 1;
  public static final int SIG_BLOCK = 0;
  public static final int SIG_UNBLOCK = 1;
  public static final int SIG_SETMASK = 2;
  public static final int SIGSET_SIZE = 128;

  /** More than struct sigaction takes. */
  public static final int SIGACTION_ROOM = 256;

  // posix_spawn(3)
  public static final short POSIX_SPAWN_SETPGROUP = 0x02;
  public static final short POSIX_SPAWN_SETSIGDEF = 0x04;
  public static final short POSIX_SPAWN_SETSIGMASK = 0x08;

  /** posix_spawnattr_t of glibc. */
  public static final int POSIX_SPAWNATTR_SIZE = 336;

  /** posix_spawn_file_actions_t of glibc. */
  public static final int POSIX_SPAWN_FILE_ACTIONS_SIZE = 80;

  // getpriority(2), capabilities(7)
  public static final int PRIO_PROCESS = 0;
  public static final int CAP_KILL = 5;
  public static final int CAP_SETGID = 6;
  public static final int CAP_SETUID = 7;

  private static final String GLIBC = "glibc";

  private Abi() {}

  /**
   * Why the numbers do not hold here: what this system is, and what is needed.
   *
   * @return empty if they hold
   */
  public static Optional<String> refusal() {
    return refusal(
        System.getProperty("os.name"), System.getProperty("os.arch"), libc(Path.of("/")));
  }

  /**
   * @param system as the JDK's {@code os.name} has it
   * @param architecture as {@code os.arch} has it
   * @param libc the C library's name
   */
  static Optional<String> refusal(String system, String architecture, String libc) {
    boolean known =
        switch (architecture) {
          case "amd64", "x86_64", "aarch64" -> system.equals("Linux") && libc.equals(GLIBC);
          default -> false;
        };
    return known
        ? Optional.empty()
        : Optional.of(
            "this system is %s on %s with %s as its C library; Linux with glibc on x86-64 or aarch64 is needed"
                .formatted(system, architecture, libc));
  }

  /**
   * The C library of this process, asked for what glibc alone has; else, the name of the dynamic
   * loader below {@code root}.
   */
  private static String libc(Path root) {
    return Linker.nativeLinker().defaultLookup().find("gnu_get_libc_version").isPresent()
        ? GLIBC
        : otherLibc(root);
  }

  /** What a library that is not glibc calls itself, by its loader: {@code ld-NAME-ARCH.so.1}. */
  static String otherLibc(Path root) {
    try (DirectoryStream<Path> loaders =
        Files.newDirectoryStream(root.resolve("lib"), "ld-[a-z]*-*.so*")) {
      for (Path loader : loaders) {
        String name = String.valueOf(loader.getFileName()).split("-", 3)[1];
        if (!name.equals("linux")) {
          return name;
        }
      }
    } catch (IOException e) {
      return "an unknown library (" + e + ")";
    }
    return "an unknown library";
  }
}
