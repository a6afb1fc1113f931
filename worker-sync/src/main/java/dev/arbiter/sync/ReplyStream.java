package dev.arbiter.sync;

import dev.arbiter.app.Headers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/** A response's body as a stream, gathered into larger parts. One thread at a time. */
final class ReplyStream extends OutputStream {
  private static final int ROOM = 8 * 1024;

  private final Reply reply;
  private final ByteBuffer gathered = ByteBuffer.allocate(ROOM);
  private boolean ended;

  ReplyStream(Reply reply) {
    this.reply = reply;
  }

  @Override
  public void write(int one) throws IOException {
    write(new byte[] {(byte) one}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (ended) {
      throw new IOException("The response is over.");
    }
    if (length > gathered.remaining()) {
      pass();
    }
    if (length >= ROOM) {
      reply.write(ByteBuffer.wrap(bytes, offset, length));
    } else {
      gathered.put(bytes, offset, length);
    }
  }

  private void pass() throws IOException {
    gathered.flip();
    reply.write(gathered);
    gathered.clear();
  }

  @Override
  public void flush() throws IOException {
    if (!ended) {
      pass();
      reply.flush();
    }
  }

  /**
   * The writer has returned: the body is at its end. An app's own close does nothing.
   *
   * @param trailers asked for now, if there are any
   */
  void end(Optional<Supplier<Headers>> trailers) throws IOException {
    ended = true;
    pass();
    if (trailers.isPresent()) {
      reply.finish(trailers.get().get());
    } else {
      reply.finish();
    }
  }
}
