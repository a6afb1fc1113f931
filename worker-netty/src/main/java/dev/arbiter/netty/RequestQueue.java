package dev.arbiter.netty;

import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What an HTTP/1 client has sent beyond the request under way: pieces that are decoded already, and
 * bytes that the decoder holds back once there are many. On its loop; one for each connection.
 */
final class RequestQueue {
  /**
   * What may wait behind a request that is under way, in pieces. The bytes of one read may be
   * thousands of requests, and a request that was decoded weighs twenty times what its bytes do.
   */
  private static final int WAITING = 64;

  private final RequestDecoder decoder;
  private final Deque<Object> pieces = new ArrayDeque<>(0);

  RequestQueue(RequestDecoder decoder) {
    this.decoder = decoder;
  }

  void add(Object piece) {
    pieces.add(piece);
    if (pieces.size() >= WAITING) {
      decoder.hold();
    }
  }

  /** Whether no piece waits; bytes may. */
  boolean isEmpty() {
    return pieces.isEmpty();
  }

  Object element() {
    return pieces.element();
  }

  Object remove() {
    return pieces.remove();
  }

  /** Whether nothing has come behind the request that is under way, as far as is known. */
  boolean nothingWaits() {
    return pieces.isEmpty() && !decoder.held();
  }

  /** Whether bytes are held back that may be decoded now. */
  boolean decodesOn() {
    return pieces.isEmpty() && decoder.held();
  }

  /** Whether a request has come, or a part of its head. */
  boolean hasRequest() {
    return pieces.stream().anyMatch(HttpRequest.class::isInstance) || decoder.inMidHead();
  }

  /** The pieces, now the caller's to release. */
  Deque<Object> handOver() {
    Deque<Object> early = new ArrayDeque<>(pieces);
    pieces.clear();
    return early;
  }

  void drop() {
    pieces.forEach(ReferenceCountUtil::release);
    pieces.clear();
  }
}
