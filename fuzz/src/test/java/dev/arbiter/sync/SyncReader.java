package dev.arbiter.sync;

import dev.arbiter.fuzz.Reading;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Refusal;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/** Reads requests as a connection of the sync worker does. */
@NullMarked
public final class SyncReader {
  private final RequestParser parser;
  private final Reading reading = new Reading();
  private boolean inBody;

  private SyncReader(HttpSettings settings) {
    parser = new RequestParser(settings.rules(), false);
  }

  /** What becomes of these bytes. */
  public static Reading read(HttpSettings settings, List<byte[]> pieces) {
    SyncReader reader = new SyncReader(settings);
    for (byte[] piece : pieces) {
      ByteBuffer in = ByteBuffer.wrap(piece);
      while (in.hasRemaining() && !reader.reading.ended()) {
        reader.take(in);
      }
    }
    return reader.reading;
  }

  /** Goes one step. What needs more bytes has to have taken all there are. */
  private void take(ByteBuffer in) {
    if (inBody) {
      body(in);
    } else if (parser.takeHead(in)) {
      IncomingHead head = parser.head();
      Refusal refusal = head.refusal();
      if (refusal != null) {
        reading.refused(refusal.status());
        return;
      }
      boolean upgrade = head.takeUpgrade();
      reading.head(head);
      inBody = true;
      if (upgrade) {
        reading.over("upgrade");
      } else if (!head.hasBody()) {
        if (!parser.complete()) {
          throw new AssertionError("No body, and not complete");
        }
        complete();
      }
    } else if (in.hasRemaining()) {
      throw new AssertionError("It wants more, but left " + in.remaining());
    }
  }

  /** Reads on until there is nothing, as an app does: a body's end may only show then. */
  private void body(ByteBuffer in) {
    for (ByteBuffer part = parser.takeBody(in); part != null; part = parser.takeBody(in)) {
      byte[] bytes = new byte[part.remaining()];
      part.get(bytes);
      reading.body(bytes);
    }
    Refusal refusal = parser.head().refusal();
    if (refusal != null) {
      reading.refused(refusal.status());
    } else if (parser.complete()) {
      complete();
    } else if (in.hasRemaining()) {
      throw new AssertionError("It wants more, but left " + in.remaining());
    }
  }

  private void complete() {
    boolean keep = parser.head().keepAlive();
    reading.complete();
    inBody = false;
    parser.reset();
    if (!keep) {
      reading.over("close");
    }
  }
}
