package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.worker.Health;
import dev.arbiter.worker.SocketPair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * Asks an app whether it is well: its own hook first, then a GET that a worker serves to itself
 * over a pair of sockets, with its real decoder, threads and app. On the probe's thread, which
 * waits as long as the app does.
 */
public final class HealthProbe {
  private static final int SHOWN = 200;

  /** What is kept of an answer; the rest is read and thrown away. */
  private static final int KEPT = 4096;

  private HealthProbe() {}

  /** Serves one connection, which it closes at its end, and returns at once. */
  public interface Serving {
    /** Takes over {@code fd}, a connected Unix socket, non-blocking. */
    void serve(int fd) throws IOException;
  }

  /**
   * Probes.
   *
   * @param path of the request; empty for the hook alone
   */
  public static Health probe(AppHost host, String path, Serving serving) throws IOException {
    Health own = hook(host);
    return own.status() != 200 || path.isEmpty() ? own : get(path, serving);
  }

  // Whatever the app throws, errors included, says that it is not well.
  @SuppressWarnings("CatchingUnchecked")
  private static Health hook(AppHost host) {
    try {
      host.checkHealth();
      return Health.GOOD;
    } catch (Throwable thrown) {
      return new Health(503, "the app's checkHealth threw " + thrown);
    }
  }

  private static Health get(String path, Serving serving) throws IOException {
    if (!path.startsWith("/") || path.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
      return Health.none("not a path that can be asked for: " + path);
    }
    SocketPair pair = SocketPair.open();
    try {
      serving.serve(pair.theirs());
      String request =
          "GET "
              + path
              + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: arbiter-probe\r\n"
              + "Accept: */*\r\nConnection: close\r\n\r\n";
      pair.write(request.getBytes(US_ASCII));
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      for (byte[] part = pair.read(KEPT); part.length > 0; part = pair.read(KEPT)) {
        kept.write(part, 0, Math.min(part.length, KEPT - kept.size()));
      }
      return health(kept.toString(ISO_8859_1));
    } finally {
      pair.close();
    }
  }

  static Health health(String answer) {
    if (!answer.matches("(?s)HTTP/1\\.1 \\d{3}\\b.*")) {
      return Health.none("the connection was closed without an answer");
    }
    int status = Integer.parseInt(answer.substring(9, 12));
    if (status < 400) {
      return new Health(status, "");
    }
    int body = answer.indexOf("\r\n\r\n");
    String text = body < 0 ? "" : answer.substring(body + 4).strip();
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ");
    return new Health(status, line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...");
  }
}
