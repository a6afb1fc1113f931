package dev.arbiter.testing;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a body: parts, in order, with the back-pressure of a connection. A part is
 * always taken in, and what is returned completes when there is room for the next. Any thread.
 */
final class Pipe {
  private static final int ROOM = 64 * 1024;
  private static final byte[] END = {};

  private final Deque<byte[]> parts = new ArrayDeque<>();
  private long size;
  private boolean ended;
  private @Nullable IOException broken;
  private @Nullable CompletableFuture<Void> waitsForRoom;
  private @Nullable CompletableFuture<byte[]> waitsForPart;

  /** Completes when another part should follow. */
  synchronized CompletableFuture<Void> put(byte[] part) {
    if (broken != null) {
      return CompletableFuture.failedFuture(broken);
    }
    if (part.length == 0) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<byte[]> taker = waitsForPart;
    if (taker != null) {
      waitsForPart = null;
      taker.complete(part);
      return CompletableFuture.completedFuture(null);
    }
    parts.add(part);
    size += part.length;
    if (size <= ROOM) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<Void> waits = new CompletableFuture<>();
    waitsForRoom = waits;
    return waits;
  }

  /** Nothing follows. */
  synchronized void end() {
    ended = true;
    CompletableFuture<byte[]> taker = waitsForPart;
    if (taker != null && broken == null) {
      waitsForPart = null;
      taker.complete(END);
    }
  }

  /** What is here can still be taken; then both sides fail. The first reason counts. */
  synchronized void fail(IOException reason) {
    if (broken != null || (ended && parts.isEmpty())) {
      return;
    }
    broken = reason;
    CompletableFuture<byte[]> taker = waitsForPart;
    if (taker != null) {
      waitsForPart = null;
      taker.completeExceptionally(reason);
    }
    CompletableFuture<Void> putter = waitsForRoom;
    if (putter != null) {
      waitsForRoom = null;
      putter.completeExceptionally(reason);
    }
  }

  /** The next part; an empty one at the end. One call at a time. */
  synchronized CompletableFuture<byte[]> take() {
    byte[] part = parts.poll();
    if (part != null) {
      size -= part.length;
      CompletableFuture<Void> putter = waitsForRoom;
      if (putter != null && size <= ROOM) {
        waitsForRoom = null;
        putter.complete(null);
      }
      return CompletableFuture.completedFuture(part);
    }
    if (ended) {
      return CompletableFuture.completedFuture(END);
    }
    if (broken != null) {
      return CompletableFuture.failedFuture(broken);
    }
    CompletableFuture<byte[]> waits = new CompletableFuture<>();
    waitsForPart = waits;
    return waits;
  }

  /** Whether all was taken. */
  synchronized boolean exhausted() {
    return ended && parts.isEmpty();
  }
}
