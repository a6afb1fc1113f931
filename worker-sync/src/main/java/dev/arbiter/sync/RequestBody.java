package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.RequestRules.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The body of one request, read from the network as the app reads it. An app's thread may still be
 * reading when its response is complete: it is waited for, and reads no more.
 */
final class RequestBody extends InputStream implements Reply.Terms {
  private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII);

  /** A body the app left unread is read to its end if it is no longer than this. */
  private static final int WORTH_READING = 64 * 1024;

  private final Departure departure;
  private final Link link;
  private final RequestParser parser;
  private final ByteBuffer in;
  private final Duration bodyTimeout;
  private final Duration writeTimeout;
  private final IncomingHead head;
  private final ReentrantLock reading = new ReentrantLock();
  private boolean askToSend;
  private boolean unasked;
  private volatile boolean ended;
  private boolean finishing;
  private long finishBy;
  private volatile boolean closed;
  private @Nullable ByteBuffer piece;

  RequestBody(
      Conversation.Parts parts, Departure departure, Duration bodyTimeout, Duration writeTimeout) {
    this.departure = departure;
    link = parts.link();
    parser = parts.parser();
    in = parts.in();
    this.bodyTimeout = bodyTimeout;
    this.writeTimeout = writeTimeout;
    head = parser.head();
    askToSend = head.expectsContinue();
    ended = !head.hasBody();
  }

  /**
   * What came after the body. Any thread, once it knows that the body was read to its end.
   *
   * @throws IllegalStateException before that
   */
  Headers trailers() {
    if (!ended) {
      throw new IllegalStateException("Trailers are known when the body was read to its end.");
    }
    return head.trailers();
  }

  /** The next part of the body; null at its end. */
  @Nullable ByteBuffer copied() throws IOException {
    reading.lock();
    try {
      requireOpen();
      ByteBuffer part = next();
      return part == null ? null : ByteBuffer.allocate(part.remaining()).put(part).flip();
    } finally {
      reading.unlock();
    }
  }

  private void requireOpen() throws IOException {
    if (closed || finishing) {
      throw new IOException("The request is over.");
    }
  }

  /** The next part, to be used before the lock is given back. */
  private @Nullable ByteBuffer next() throws IOException {
    if (ended) {
      return null;
    }
    if (askToSend) {
      askToSend = false;
      sendContinue();
    }
    while (true) {
      ByteBuffer part = parser.takeBody(in);
      if (part != null) {
        return part;
      }
      if (head.refusal() != null) {
        throw new IOException("The request's body cannot be read: " + head.refusal());
      }
      if (parser.complete()) {
        ended = true;
        return null;
      }
      fill();
    }
  }

  private void sendContinue() throws IOException {
    link.sending().lock();
    try {
      link.write(ByteBuffer.wrap(CONTINUE), writeTimeout);
    } finally {
      link.sending().unlock();
    }
  }

  private void fill() throws IOException {
    int count;
    try {
      count = link.read(in.clear(), finishing ? finishBy : Link.after(bodyTimeout));
    } catch (SocketTimeoutException slow) {
      head.refuse(Rule.BODY_TIMEOUT.refusal());
      throw slow;
    } finally {
      in.flip();
    }
    if (count < 0) {
      link.lost();
      throw new IOException("The client has gone before its request was complete.");
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    reading.lock();
    try {
      requireOpen();
      ByteBuffer part = piece;
      while (part == null || !part.hasRemaining()) {
        part = next();
        piece = part;
        if (part == null) {
          return -1;
        }
      }
      int count = Math.min(length, part.remaining());
      part.get(bytes, offset, count);
      return count;
    } finally {
      reading.unlock();
    }
  }

  @Override
  public int available() {
    ByteBuffer part = piece;
    return part == null || closed ? 0 : part.remaining();
  }

  /**
   * Whether another request may follow; answered before the response's head is made, so it can only
   * be a guess where the length is not known or the app may still read.
   */
  @Override
  public boolean mayKeep(boolean streaming) {
    if (!head.keepAlive() || head.refusal() != null) {
      return false;
    }
    if (departure.leaving()) {
      return nextIsHere();
    }
    return streaming
        || ended
        || parser.complete()
        || (!askToSend && parser.left() <= WORTH_READING);
  }

  /**
   * Whether the next request has reached this worker, which then answers it although it leaves: its
   * client has been promised a connection that stays open.
   */
  private boolean nextIsHere() {
    if (!ended && !parser.complete()) {
      return false;
    }
    if (in.hasRemaining()) {
      return true;
    }
    try {
      return link.readNow(in.clear()) > 0;
    } catch (IOException _) {
      return false; // writing the response will meet the same failure, and tell it
    } finally {
      in.flip();
    }
  }

  /** A client that was not asked for its body by now need not send it (RFC 9110 10.1.1). */
  @Override
  public void headGoesOut() {
    unasked = askToSend;
    askToSend = false;
  }

  /** Reads what the app left. Returns whether the request is at its end. */
  boolean finish() {
    reading.lock();
    try {
      finishing = true;
      return unasked ? ended : discard();
    } finally {
      reading.unlock();
    }
  }

  private boolean discard() {
    // What nobody reads has its time as a whole: a byte now and then does not prolong it.
    finishBy = Link.after(bodyTimeout);
    int left = WORTH_READING;
    try {
      while (left > 0) {
        ByteBuffer part = next();
        if (part == null) {
          return true;
        }
        left -= part.remaining();
      }
    } catch (IOException _) {
      // The response has been sent; that the rest is malformed or missing only ends the connection.
      return false;
    }
    return false;
  }

  /** The app may keep the stream; the connection's next request is none of its business. */
  void shut() {
    closed = true;
  }
}
