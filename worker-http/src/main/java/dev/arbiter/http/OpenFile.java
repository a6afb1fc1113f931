package dev.arbiter.http;

import dev.arbiter.app.Response;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A part of a file on its way out: the descriptor, and what of the part is still to be sent. One
 * thread at a time; opening and reading may block.
 */
public final class OpenFile implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private long position;
  private long left;

  private OpenFile(Path path, FileChannel channel, long position, long left) {
    this.path = path;
    this.channel = channel;
    this.position = position;
    this.left = left;
  }

  /**
   * Opens.
   *
   * @throws IOException it is not there, is no regular file, or is shorter than the app says
   */
  public static OpenFile open(Response.Body.File file) throws IOException {
    Path path = file.path();
    if (!Files.isRegularFile(path) && Files.exists(path)) {
      throw new IOException(path + " is no regular file"); // opening a pipe would wait for a writer
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long size = channel.size();
      long length = file.length() < 0 ? size - file.offset() : file.length();
      if (length < 0 || length > size - file.offset()) {
        throw new IOException(
            "%s has %d bytes, too few for %d from %d"
                .formatted(path, size, Math.max(0, length), file.offset()));
      }
      return new OpenFile(path, channel, file.offset(), length);
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
  }

  /** The open file. */
  public FileChannel channel() {
    return channel;
  }

  /** Where the next byte to send is. */
  public long position() {
    return position;
  }

  /** How many bytes are still to be sent. */
  public long left() {
    return left;
  }

  /** So many were sent otherwise than by {@link #read}. */
  public void sent(long count) {
    position += count;
    left -= count;
  }

  /**
   * Reads what is next, at least one byte unless there is no room or nothing left.
   *
   * @throws IOException the file has become shorter
   */
  public void read(ByteBuffer to) throws IOException {
    int end = to.limit();
    to.limit((int) Math.min(end, to.position() + left));
    while (to.hasRemaining()) {
      int count = channel.read(to, position);
      if (count < 0) {
        throw shorter();
      }
      sent(count);
    }
    to.limit(end);
  }

  /** What to fail with when the file ends early: the rest of what was announced cannot be sent. */
  public IOException shorter() {
    return new IOException(
        path + " has become shorter while it was sent; cut " + left + " bytes early");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
