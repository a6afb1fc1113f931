package dev.arbiter.netty;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseTrailers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/** A response's body as a stream; blocks its thread, which is virtual, while the client is slow. */
final class BodyOutput extends OutputStream {
  private final Send send;
  private final byte[] buffer = new byte[8192];
  private int length;

  BodyOutput(Send send) {
    this.send = send;
  }

  @Override
  public void write(int b) throws IOException {
    if (length == buffer.length) {
      flush();
    }
    buffer[length++] = (byte) b;
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, bytes.length);
    if (length > 0 && count > buffer.length - length) {
      flush();
    }
    if (count >= buffer.length) {
      send(ByteBuffer.wrap(bytes, offset, count), true);
    } else {
      System.arraycopy(bytes, offset, buffer, length, count);
      length += count;
    }
  }

  /** Sends what there is; without any, the head. */
  @Override
  public void flush() throws IOException {
    ByteBuffer part = ByteBuffer.wrap(buffer, 0, length);
    length = 0;
    send(part, true);
  }

  /** Ends the body; with trailers, which are asked for now. */
  void finish(Optional<Supplier<Headers>> trailers) throws IOException {
    if (trailers.isEmpty()) {
      send(ByteBuffer.wrap(buffer, 0, length), false);
    } else {
      flush();
      BodyInput.await(send.send(new ResponseTrailers(trailers.get().get())));
    }
  }

  private void send(ByteBuffer part, boolean more) throws IOException {
    // Sending is done with the bytes when its stage completes, so the buffer can be used again.
    BodyInput.await(send.send(new ResponseBody(part, more)));
  }
}
