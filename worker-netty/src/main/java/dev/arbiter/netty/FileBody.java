package dev.arbiter.netty;

import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.http.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sends a part of a file as a part of a body. On a thread that may block: it opens the file, and
 * reads what cannot be sent without being copied.
 */
final class FileBody {
  /** What is read at once. A file of no more goes out in one write with its head. */
  private static final int PIECE = 64 * 1024;

  private FileBody() {}

  /** As {@link #write}; returns what it throws. */
  // Whatever went wrong is what the app's stage fails with.
  @SuppressWarnings("CatchingUnchecked")
  static @Nullable Throwable tryWrite(Outbox outbox, SendEvent.ResponseFile file, boolean whole) {
    try {
      write(outbox, file.file(), whole, file.more());
      return null;
    } catch (Throwable thrown) {
      return thrown;
    }
  }

  /**
   * Sends it all.
   *
   * @param whole whether it is the whole body
   * @param more whether another part follows
   */
  static void write(Outbox outbox, Response.Body.File file, boolean whole, boolean more)
      throws IOException {
    OpenFile open = OpenFile.open(file);
    boolean given = false;
    try {
      if (whole && outbox.exchange().method().equals("HEAD")) {
        outbox.announce(open.left());
        send(outbox, ByteBuffer.allocate(0), false);
      } else if (whole && open.left() > PIECE && outbox.exchange().stream().sendsFiles()) {
        given = true;
        BodyInput.await(outbox.sendFile(open));
      } else {
        if (whole) {
          outbox.announce(open.left());
        }
        copy(outbox, open, more);
      }
    } finally {
      if (!given) {
        open.close();
      }
    }
  }

  private static void copy(Outbox outbox, OpenFile file, boolean more) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(file.left(), PIECE));
    do {
      file.read(piece.clear());
      send(outbox, piece.flip(), more || file.left() > 0);
    } while (file.left() > 0);
  }

  private static void send(Outbox outbox, ByteBuffer part, boolean more) throws IOException {
    // Sending is done with the bytes when its stage completes, so the buffer can be used again.
    BodyInput.await(outbox.send(new ResponseBody(part, more)));
  }
}
