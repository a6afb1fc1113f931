package dev.arbiter.http.websocket;

import dev.arbiter.http.websocket.Extension.Parameter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Compression of messages, RFC 7692. Any thread.
 *
 * <p>Design note. A compressor that remembers what it sent before holds 256 KB of native memory for
 * as long as the connection lives, a decompressor some 40 KB: ten thousand idle clients would cost
 * three gigabytes. So neither side keeps its window between two messages ({@code
 * server_no_context_takeover} and {@code client_no_context_takeover}, which a server may answer
 * whether it was offered or not, RFC 7692 section 7.1.1), and a few of each are shared by all
 * connections.
 */
final class Deflate {
  private static final String NAME = "permessage-deflate";
  private static final String AGREED =
      NAME + "; server_no_context_takeover; client_no_context_takeover";

  /** Without the messages before it a shorter one hardly gets shorter. */
  static final int WORTH_IT = 256;

  /** What a flush ends with, and RFC 7692 section 7.2.1 leaves out. */
  static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};

  private static final int KEPT = 2 * Runtime.getRuntime().availableProcessors();
  private static final Queue<Deflater> DEFLATERS = new ArrayBlockingQueue<>(KEPT);
  private static final Queue<Inflater> INFLATERS = new ArrayBlockingQueue<>(KEPT);

  private Deflate() {}

  /** The first offer that can be kept, as it is answered. */
  static Optional<String> agree(List<Extension> offers) {
    return offers.stream().map(Deflate::answer).flatMap(Optional::stream).findFirst();
  }

  private static Optional<String> answer(Extension offer) {
    if (!offer.name().equals(NAME)) {
      return Optional.empty();
    }
    Set<String> seen = new HashSet<>();
    boolean windowAsked = false;
    for (Parameter parameter : offer.parameters()) {
      boolean good =
          seen.add(parameter.name())
              && switch (parameter.name()) {
                case "server_no_context_takeover", "client_no_context_takeover" ->
                    parameter.value() == null;
                case "client_max_window_bits" ->
                    parameter.value() == null || window(parameter.value());
                // The JDK's compressor knows one window only; a smaller one cannot be promised.
                case "server_max_window_bits" -> "15".equals(parameter.value());
                default -> false;
              };
      if (!good) {
        return Optional.empty();
      }
      windowAsked |= parameter.name().equals("server_max_window_bits");
    }
    return Optional.of(windowAsked ? AGREED + "; server_max_window_bits=15" : AGREED);
  }

  private static boolean window(@Nullable String bits) {
    return bits != null && bits.matches("[89]|1[0-5]");
  }

  /** The message compressed; null if that does not make it shorter. */
  static @Nullable ByteBuffer deflate(ByteBuffer message) {
    Deflater deflater = DEFLATERS.poll();
    if (deflater == null) {
      // The fastest level: an async app's messages are compressed on its event loop.
      deflater = new Deflater(Deflater.BEST_SPEED, true);
    }
    try {
      deflater.setInput(message.duplicate());
      int limit = message.remaining();
      byte[] out = new byte[Math.min(limit, Math.max(512, limit / 4))];
      int length = 0;
      while (true) {
        length += deflater.deflate(out, length, out.length - length, Deflater.SYNC_FLUSH);
        if (length < out.length) {
          int shorter = length - TAIL.length;
          return shorter > 0 && shorter < limit ? ByteBuffer.wrap(out, 0, shorter) : null;
        }
        if (out.length >= limit) {
          return null;
        }
        out = Arrays.copyOf(out, Math.min(limit, out.length * 2));
      }
    } finally {
      deflater.reset();
      if (!DEFLATERS.offer(deflater)) {
        deflater.end();
      }
    }
  }

  /** A decompressor for one message, to be given back. */
  static Inflater inflater() {
    Inflater inflater = INFLATERS.poll();
    return inflater == null ? new Inflater(true) : inflater;
  }

  static void giveBack(Inflater inflater) {
    inflater.reset();
    if (!INFLATERS.offer(inflater)) {
      inflater.end();
    }
  }
}
