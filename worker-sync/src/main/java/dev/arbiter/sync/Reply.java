package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.http.HttpSettings;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.OpenFile;
import dev.arbiter.http.ResponseHead;
import dev.arbiter.http.ResponseHead.Framing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/**
 * The response to one request, on its way out: a head, then its body, framed. Used by one thread at
 * a time, but for {@link #giveUp}; writing blocks while the client is slow.
 */
final class Reply {
  /** A head and a body of together less than this go out in one write. */
  private static final int SMALL = 16 * 1024;

  private static final byte[] NOTHING = {};
  private static final byte[] LINE_END = {'\r', '\n'};
  private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);

  /** What the request's side has to say in it. */
  interface Terms {
    /** A request that could not be read: nothing can follow it. */
    Terms CLOSE =
        new Terms() {
          @Override
          public boolean mayKeep(boolean streaming) {
            return false;
          }

          @Override
          public void headGoesOut() {}
        };

    /**
     * Whether the connection may be kept; asked when the head is made.
     *
     * @param streaming whether the app still runs, and may still read
     */
    boolean mayKeep(boolean streaming);

    /** From here on nothing can be said before the response. */
    void headGoesOut();
  }

  private final Link link;
  private final IncomingHead request;
  private final Terms terms;
  private final ResponseHead head;
  private final Duration writeTimeout;
  private final boolean sendfile;
  private int status;
  private Headers headers = Headers.empty();
  private long bodyBytes;
  private long unsent;
  private byte[] lastChunk = LAST_CHUNK;
  private boolean headWaits;
  private boolean complete;
  private boolean sent; // and this: under the link's lock
  private boolean givenUp;

  Reply(Link link, IncomingHead request, HttpSettings settings, Terms terms) {
    this.link = link;
    this.request = request;
    this.terms = terms;
    head = new ResponseHead(settings);
    writeTimeout = settings.writeTimeout();
    sendfile = settings.sendfile();
  }

  /** 0 if nothing was sent yet. */
  int status() {
    return headWaits ? 0 : status;
  }

  /**
   * Whether a client could take a cut body for a whole one: only the end of the connection ends it.
   */
  boolean endsWithConnection() {
    return head.framing() == Framing.UNTIL_CLOSE;
  }

  /** Whether there is a head only: HEAD, 204, 304. */
  boolean bodiless() {
    return head.framing() == Framing.NONE;
  }

  Headers headers() {
    return headers;
  }

  /** Bytes of the body, without its framing, as far as they were sent. */
  long bodyBytes() {
    return bodyBytes - unsent;
  }

  /** Whether it was sent to its end. */
  boolean complete() {
    return complete;
  }

  boolean keepAlive() {
    return head.keepAlive();
  }

  /** Sends a response that is whole in memory. */
  void send(Response response, byte[] body) throws IOException {
    begin(response.status(), response.headers(), body.length);
    write(ByteBuffer.wrap(body));
    finish();
  }

  /** Sends a response whose body is a file's part. */
  void send(Response response, OpenFile file) throws IOException {
    begin(response.status(), response.headers(), file.left());
    write(file);
    finish();
  }

  /**
   * Sends an interim response, if the client takes one.
   *
   * @throws IllegalArgumentException it is not valid; nothing was sent
   * @throws IllegalStateException the response has begun
   */
  void inform(int interim, Headers fields) throws IOException {
    if (status != 0) {
      throw new IllegalStateException("The response has begun.");
    }
    head.encodeInformational(interim, fields);
    if (request.takesInformational()) {
      write(head, false);
    }
  }

  /** Sends {@code answer} in place of a response: what follows it is not HTTP. */
  void switched(ResponseHead answer) throws IOException {
    write(answer, true);
  }

  private void write(ResponseHead all, boolean last) throws IOException {
    link.sending().lock();
    try {
      requireOurs();
      sent = last;
      link.write(ByteBuffer.wrap(all.bytes(), 0, all.length()), writeTimeout);
    } finally {
      link.sending().unlock();
    }
  }

  /**
   * Takes the response from the app, so that another can be sent in its place. Any thread.
   *
   * @return whether nothing of it was sent, and nothing will be
   */
  boolean giveUp() {
    if (!link.sending().tryLock()) {
      return false; // something is being sent
    }
    try {
      givenUp = !sent;
      return givenUp;
    } finally {
      link.sending().unlock();
    }
  }

  private void requireOurs() throws IOException {
    if (givenUp) {
      throw new IOException("The worker ends, and has answered in the app's place.");
    }
  }

  /** Whether trailers can follow the body of this response, which is about to begin. */
  boolean takesTrailers(Response response) {
    return response.trailers().isPresent() && request.takesTrailers(response);
  }

  /**
   * Begins a response. The head waits for the first part of the body, to go out with it.
   *
   * @param length of the body; -1 if it is not known
   * @throws IllegalArgumentException the app's head is not valid; nothing was sent
   */
  void begin(int newStatus, Headers newHeaders, long length) {
    head.encode(request, newStatus, newHeaders, length, terms.mayKeep(length < 0));
    status = newStatus;
    headers = newHeaders;
    bodyBytes = 0;
    headWaits = true;
    lastChunk = LAST_CHUNK;
  }

  /**
   * Sends a part of the body.
   *
   * @throws IllegalStateException it is longer than was announced
   */
  void write(ByteBuffer part) throws IOException {
    int length = part.remaining();
    if (head.framing() == Framing.NONE || length == 0) {
      return;
    }
    count(length);
    long end = part.limit();
    try {
      if (head.framing() == Framing.CHUNKED) {
        byte[] size = (Integer.toHexString(length) + "\r\n").getBytes(US_ASCII);
        emit(size, part, LINE_END);
      } else {
        emit(NOTHING, part, NOTHING);
      }
    } catch (IOException cut) {
      unsent = end - part.position();
      throw cut;
    }
  }

  /**
   * Sends what is left of a file as a part of the body.
   *
   * @throws IllegalStateException it is longer than was announced
   */
  void write(OpenFile file) throws IOException {
    long length = file.left();
    if (head.framing() == Framing.NONE || length == 0) {
      return;
    }
    if (length <= SMALL) {
      ByteBuffer all = ByteBuffer.allocate((int) length);
      file.read(all);
      write(all.flip());
      return;
    }
    count(length);
    try {
      if (head.framing() == Framing.CHUNKED) {
        byte[] size = (Long.toHexString(length) + "\r\n").getBytes(US_ASCII);
        emit(size, ByteBuffer.allocate(0), NOTHING);
      } else {
        flush();
      }
      link.send(file, !sendfile, writeTimeout);
    } catch (IOException cut) {
      unsent = file.left();
      throw cut;
    }
    if (head.framing() == Framing.CHUNKED) {
      link.write(ByteBuffer.wrap(LINE_END), writeTimeout);
    }
  }

  private void count(long length) {
    if (head.framing() == Framing.LENGTH && bodyBytes + length > head.bodyLength()) {
      throw new IllegalStateException(
          "The app declared a Content-Length of "
              + head.bodyLength()
              + " and sends at least "
              + (bodyBytes + length)
              + " bytes.");
    }
    bodyBytes += length;
  }

  /**
   * Ends the body with trailers, if this one can have them.
   *
   * @throws IllegalArgumentException one of them is not valid or not allowed
   * @throws IllegalStateException the body is shorter than was announced
   */
  void finish(Headers trailers) throws IOException {
    if (head.framing() == Framing.CHUNKED && request.takesTrailers()) {
      flush(); // the head's bytes are about to be used again
      head.encodeTrailers(trailers);
      lastChunk = Arrays.copyOf(head.bytes(), head.length());
    }
    finish();
  }

  /**
   * Ends the body.
   *
   * @throws IllegalStateException it is shorter than was announced
   */
  void finish() throws IOException {
    if (head.framing() == Framing.LENGTH && bodyBytes < head.bodyLength()) {
      throw new IllegalStateException(
          "The app declared a Content-Length of "
              + head.bodyLength()
              + " and sent only "
              + bodyBytes
              + " bytes.");
    }
    if (head.framing() == Framing.CHUNKED) {
      emit(NOTHING, ByteBuffer.wrap(lastChunk), NOTHING);
    } else {
      flush();
    }
    complete = true;
  }

  /** Sends the head if it still waits. */
  void flush() throws IOException {
    if (headWaits) {
      emit(NOTHING, ByteBuffer.allocate(0), NOTHING);
    }
  }

  private void emit(byte[] before, ByteBuffer part, byte[] after) throws IOException {
    link.sending().lock();
    try {
      requireOurs();
      sent = true;
      emitLocked(before, part, after);
    } finally {
      link.sending().unlock();
    }
  }

  private void emitLocked(byte[] before, ByteBuffer part, byte[] after) throws IOException {
    int headLength = headWaits ? head.length() : 0;
    if (headWaits) {
      headWaits = false;
      terms.headGoesOut();
    }
    int framing = headLength + before.length;
    int extra = framing + after.length;
    if (extra + part.remaining() <= SMALL) {
      ByteBuffer all = ByteBuffer.allocate(extra + part.remaining());
      all.put(head.bytes(), 0, headLength).put(before);
      writeWith(all, part, part.remaining(), after);
      return;
    }
    if (framing > 0) {
      ByteBuffer first = ByteBuffer.allocate(Math.max(SMALL, framing));
      first.put(head.bytes(), 0, headLength).put(before);
      writeWith(first, part, Math.min(first.remaining(), part.remaining()), NOTHING);
    }
    link.write(part, writeTimeout);
    if (after.length > 0) {
      link.write(ByteBuffer.wrap(after), writeTimeout);
    }
  }

  /**
   * Writes what {@code first} has already and {@code count} bytes of the part in one go. If that
   * fails, the part stands where the connection has taken it to, as with a write of its own.
   */
  private void writeWith(ByteBuffer first, ByteBuffer part, int count, byte[] after)
      throws IOException {
    int framing = first.position();
    int start = part.position();
    first.put(part.slice(start, count)).put(after);
    try {
      link.write(first.flip(), writeTimeout);
    } finally {
      part.position(start + Math.clamp(first.position() - framing, 0, count));
    }
  }
}
