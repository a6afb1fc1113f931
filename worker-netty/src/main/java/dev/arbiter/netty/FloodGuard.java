package dev.arbiter.netty;

import org.jspecify.annotations.Nullable;

/**
 * Tells a client that only keeps the server busy from one that wants something. One for each HTTP/2
 * connection, on its loop; the time is given, in ticks.
 *
 * <p>Two accounts. What carries nothing (PING, SETTINGS, GOAWAY, PRIORITY, WINDOW_UPDATE, unknown
 * and empty frames) is paid from one that requests and bytes of bodies fill up, in either
 * direction: a download needs many WINDOW_UPDATEs, and some clients measure the line with a PING
 * for what they receive. So does what this side sends, however small: who gets messages of a few
 * bytes, such as those of a WebSocket, may give back the window for each. It counts what the app
 * writes and not the frames that it is cut into, or a client that opens the window byte by byte
 * would be paid for that (CVE-2019-9511). Streams that were reset before their end are paid from
 * another, which only time fills up: a request that is taken back has cost its work all the same
 * (CVE-2023-44487), also where the client has the server reset it (CVE-2025-8671).
 *
 * <p>CONTINUATION is not seen here: the frame reader counts it within each head.
 */
final class FloodGuard {
  /** Frames in one go that carry nothing. */
  static final int IDLE_FRAMES = 1000;

  /** Such frames each tick, for ever. */
  static final int IDLE_FRAMES_PER_TICK = 10;

  /** Such frames for each request. */
  static final int IDLE_FRAMES_PER_REQUEST = 10;

  /** Such frames for each piece of a body that is sent: the windows of stream and connection. */
  static final int IDLE_FRAMES_PER_WRITE = 2;

  /** Such frames come free with so many bytes of a body. */
  static final int BYTES_PER_IDLE_FRAME = 1024;

  /** Streams in one go that are reset. */
  static final int RESETS = 200;

  /** The ticks after which another one may be reset. */
  static final int TICKS_PER_RESET = 2;

  private int frames = IDLE_FRAMES;
  private int framesAt;
  private int bytes;
  private int resets = RESETS;
  private int resetsAt;

  FloodGuard(int tick) {
    framesAt = tick;
    resetsAt = tick;
  }

  /** A frame that carries nothing. Returns what it is too many of; null if it is not. */
  @Nullable String idleFrame(String kind, int tick) {
    if (frames == 0) {
      long passed = (long) (tick - framesAt) * IDLE_FRAMES_PER_TICK;
      frames = (int) Math.min(IDLE_FRAMES, passed);
      framesAt = tick;
    }
    if (frames == 0) {
      return "too many frames that carry nothing, the last " + kind;
    }
    frames--;
    return null;
  }

  /** A request has begun. */
  void request() {
    frames = Math.min(IDLE_FRAMES, frames + IDLE_FRAMES_PER_REQUEST);
  }

  /** A piece of a body is sent, as the app wrote it. */
  void sent(int count) {
    if (count > 0) {
      frames = Math.min(IDLE_FRAMES, frames + IDLE_FRAMES_PER_WRITE);
      body(count);
    }
  }

  /** A body went on. */
  void body(int count) {
    bytes += count;
    frames = Math.min(IDLE_FRAMES, frames + bytes / BYTES_PER_IDLE_FRAME);
    bytes %= BYTES_PER_IDLE_FRAME;
  }

  /** A stream was reset. Returns what it is too many of; null if it is not. */
  @Nullable String reset(int tick) {
    if (resets == 0) {
      resets = Math.min(RESETS, (tick - resetsAt) / TICKS_PER_RESET);
      resetsAt = tick;
    }
    if (resets == 0) {
      return "too many streams were reset";
    }
    resets--;
    return null;
  }
}
