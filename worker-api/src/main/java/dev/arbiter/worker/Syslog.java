package dev.arbiter.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Sends lines to a syslog daemon, in the form of RFC 3164: {@code <PRI>Nov 28 12:00:00 TAG[PID]:
 * text}, the one that every daemon reads on a local socket, and for a remote one with the host's
 * name before the tag. One thread.
 *
 * <p>Nothing here waits for a daemon but the connecting, for two seconds at most: a stream that
 * takes no more is closed, and the line is lost, as a datagram would be. After a failure it is
 * opened anew by the next line, but not more than once in a second.
 */
public final class Syslog implements Closeable {

  /** The names of facilities, each at the place that is its number. */
  public static final List<String> FACILITIES =
      List.of(
          "kern",
          "user",
          "mail",
          "daemon",
          "auth",
          "syslog",
          "lpr",
          "news",
          "uucp",
          "cron",
          "authpriv",
          "ftp",
          "ntp",
          "audit",
          "alert",
          "clock",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7");

  /** A severity of RFC 5424: an event of interest, and of no concern. */
  public static final int INFO = 6;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ENGLISH);
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  /** RFC 3164 asks for no more than 1024 bytes; all daemons of today take eight times as many. */
  private static final int MOST = 8 * 1024 - 256;

  private final SyslogAddress address;
  private final int facility;
  private final String name;
  private @Nullable Opened opened;
  private long failedAt = System.nanoTime() - RETRY_NANOS;

  /** A socket, and how a message ends on it. */
  private record Opened(WritableByteChannel channel, boolean stream) {}

  /**
   * Opens nothing yet.
   *
   * @param address where the daemon is; looked up when something is sent
   * @param facility one of {@link #FACILITIES}
   * @param tag what the lines are from; this process's id is added
   * @throws IllegalArgumentException there is no such facility
   */
  public Syslog(SyslogAddress address, String facility, String tag) {
    this.address = address;
    this.facility = FACILITIES.indexOf(facility);
    if (this.facility < 0) {
      throw new IllegalArgumentException("no facility is called " + facility);
    }
    String process = tag + "[" + ProcessHandle.current().pid() + "]: ";
    this.name = address instanceof SyslogAddress.Remote ? host() + " " + process : process;
  }

  /**
   * {@return a sender as the settings {@code log-syslog-*} and {@code name} say}
   *
   * @param settings as the arbiter sent them
   */
  public static Syslog from(WorkerSettings settings) {
    return new Syslog(
        SyslogAddress.parse(settings.text("log-syslog-to").orElse("udp://localhost:514")),
        settings.text("log-syslog-facility").orElse("user"),
        settings.text("log-syslog-prefix").or(() -> settings.text("name")).orElse("arbiter"));
  }

  /**
   * Sends a line, or a message for each of several.
   *
   * @param severity 0, an emergency, to 7, for debugging
   * @param text each of its lines becomes a message
   * @param millis when it was written, as {@link System#currentTimeMillis}
   * @throws IOException it is lost: nobody listens, or takes no more
   */
  public void send(int severity, String text, long millis) throws IOException {
    String head =
        "<"
            + (facility * 8 + severity)
            + ">"
            + TIME.format(
                LocalDateTime.ofInstant(
                    java.time.Instant.ofEpochMilli(millis), ZoneId.systemDefault()))
            + " "
            + name;
    for (String line : text.split("\n", -1)) {
      if (!line.isBlank()) {
        send((head + line.stripTrailing()).getBytes(UTF_8));
      }
    }
  }

  private void send(byte[] message) throws IOException {
    Opened to = opened;
    if (to == null) {
      if (System.nanoTime() - failedAt < RETRY_NANOS) {
        throw new IOException("it was closed a moment ago");
      }
      to = open();
      opened = to;
    }
    int length = Math.min(message.length, MOST);
    ByteBuffer bytes = ByteBuffer.allocate(length + 1).put(message, 0, length);
    if (to.stream) {
      bytes.put((byte) '\n'); // RFC 6587 section 3.4.2
    }
    bytes.flip();
    try {
      to.channel.write(bytes);
      if (bytes.hasRemaining()) {
        throw new IOException("it takes no more");
      }
    } catch (IOException failed) {
      failedAt = System.nanoTime();
      close();
      throw failed;
    }
  }

  private Opened open() throws IOException {
    try {
      return switch (address) {
        case SyslogAddress.Local local when local.stream() -> {
          SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(local.path()));
          channel.configureBlocking(false);
          yield new Opened(channel, true);
        }
        case SyslogAddress.Local local -> new Opened(UnixDatagrams.connect(local.path()), false);
        case SyslogAddress.Remote remote when remote.stream() -> {
          InetSocketAddress to = resolved(remote);
          SocketChannel channel = SocketChannel.open();
          try {
            channel.socket().connect(to, (int) CONNECT.toMillis());
            channel.configureBlocking(false);
          } catch (IOException refused) {
            channel.close();
            throw refused;
          }
          yield new Opened(channel, true);
        }
        case SyslogAddress.Remote remote -> {
          InetSocketAddress to = resolved(remote);
          DatagramChannel channel = DatagramChannel.open();
          channel.configureBlocking(false);
          try {
            channel.connect(to);
          } catch (IOException refused) {
            channel.close();
            throw refused;
          }
          yield new Opened(channel, false);
        }
      };
    } catch (IOException failed) {
      failedAt = System.nanoTime();
      throw failed;
    }
  }

  private static InetSocketAddress resolved(SyslogAddress.Remote remote) throws IOException {
    InetSocketAddress address = new InetSocketAddress(remote.host(), remote.port());
    if (address.isUnresolved()) {
      throw new IOException("no host is called " + remote.host());
    }
    return address;
  }

  /** This machine's name without its domain; a look-up of it could take long. */
  private static String host() {
    try {
      String name =
          java.nio.file.Files.readString(java.nio.file.Path.of("/proc/sys/kernel/hostname"));
      return name.strip().replaceFirst("\\..*", "");
    } catch (IOException unknown) {
      return "-";
    }
  }

  /** Closes the socket; the next line would open another. */
  @Override
  public void close() throws IOException {
    Opened closing = opened;
    opened = null;
    if (closing != null) {
      closing.channel.close();
    }
  }
}
