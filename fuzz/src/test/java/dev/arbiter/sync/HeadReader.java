package dev.arbiter.sync;

import dev.arbiter.fuzz.ReadHead;
import dev.arbiter.http.HttpSettings;
import java.nio.ByteBuffer;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Reads the head of one request as a connection of the sync worker does. */
@NullMarked
public final class HeadReader {
  private HeadReader() {}

  /** What becomes of these bytes; null if they are refused. */
  public static @Nullable ReadHead read(HttpSettings settings, byte[] text) {
    RequestParser parser = new RequestParser(settings.rules(), false);
    if (!parser.takeHead(ByteBuffer.wrap(text))) {
      throw new AssertionError("It wants more");
    }
    return parser.head().refusal() != null ? null : ReadHead.of(parser.head());
  }
}
