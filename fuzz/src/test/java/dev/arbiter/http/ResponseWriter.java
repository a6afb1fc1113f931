package dev.arbiter.http;

import dev.arbiter.app.Headers;
import dev.arbiter.worker.WorkerSettings;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;

/** Makes the head of a response as the workers do. */
@NullMarked
public final class ResponseWriter {
  private static final HttpSettings SETTINGS = HttpSettings.from(new WorkerSettings(Map.of()));

  private ResponseWriter() {}

  /** The head; empty if the app's fields are refused. */
  public static Optional<byte[]> head(String version, int status, Headers headers, long known) {
    IncomingHead request = new IncomingHead(RequestRules.STANDARD);
    request.line("GET", "/", version);
    ResponseHead head = new ResponseHead(SETTINGS);
    try {
      head.encode(request, status, headers, known, true);
    } catch (IllegalArgumentException | IllegalStateException _) {
      return Optional.empty();
    }
    return Optional.of(Arrays.copyOf(head.bytes(), head.length()));
  }
}
