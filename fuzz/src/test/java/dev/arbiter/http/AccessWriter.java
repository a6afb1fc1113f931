package dev.arbiter.http;

import dev.arbiter.app.Headers;
import java.net.InetSocketAddress;
import org.jspecify.annotations.NullMarked;

/** Makes a line of the access log as the workers do. */
@NullMarked
public final class AccessWriter {
  private AccessWriter() {}

  /** The line. */
  public static String line(
      String format, String method, String target, Headers headers, Headers response) {
    StringBuilder line = new StringBuilder();
    InetSocketAddress client = new InetSocketAddress("203.0.113.9", 7);
    AccessRecord entry =
        new AccessRecord(client, 0, method, target, "HTTP/1.1", headers, 200, response, 5, 6);
    AccessFormat.compile(format).append(line, entry);
    return line.toString();
  }
}
