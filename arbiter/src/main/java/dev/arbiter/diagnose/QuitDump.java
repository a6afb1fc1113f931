package dev.arbiter.diagnose;

import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/**
 * Takes the thread dump that HotSpot prints on QUIT out of what else a worker prints: from {@code
 * Full thread dump}, and the line with the time before it, to the empty line behind the heap's
 * figures. Any thread.
 */
final class QuitDump {
  private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d");
  private static final String HEAD = "Full thread dump";
  private static final String HEAP = "Heap";
  private static final int LONGEST = 2_000_000;

  private final StringBuilder text = new StringBuilder();
  private final CompletableFuture<String> whole = new CompletableFuture<>();
  private boolean expected;
  private boolean inside;
  private boolean atHeap;

  /** QUIT is about to be sent, or was just now. */
  synchronized void expect() {
    expected = true;
  }

  synchronized boolean take(String line) {
    if (!expected || whole.isDone()) {
      return false;
    }
    if (!inside && TIME.matcher(line).matches()) {
      return true;
    }
    if (line.startsWith(HEAD)) {
      inside = true;
    }
    if (!inside) {
      return false;
    }
    if (text.length() < LONGEST) {
      text.append(line).append('\n');
    }
    atHeap |= line.equals(HEAP);
    if (atHeap && line.isEmpty()) {
      whole.complete(text.toString());
    }
    return true;
  }

  /** No more will come. */
  synchronized void end() {
    whole.complete(text.toString());
  }

  /** The dump, or as much of it as has come in time. */
  String await(long millis) {
    String all = Evidence.await(whole, millis);
    synchronized (this) {
      return all.isEmpty() ? text.toString() : all;
    }
  }
}
