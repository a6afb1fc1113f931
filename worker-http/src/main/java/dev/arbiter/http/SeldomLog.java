package dev.arbiter.http;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Says what clients can bring about as often as they like, but not as often: one line in a while,
 * with the number of those left out before it. Any thread.
 */
final class SeldomLog {
  static final Duration WHILE = Duration.ofSeconds(10);

  private final Consumer<String> say;
  private final LongSupplier nanoTime;
  private long saidAt;
  private boolean said;
  private long leftOut;

  SeldomLog(Consumer<String> say) {
    this(say, System::nanoTime);
  }

  SeldomLog(Consumer<String> say, LongSupplier nanoTime) {
    this.say = say;
    this.nanoTime = nanoTime;
  }

  void say(String text) {
    long before;
    synchronized (this) {
      long now = nanoTime.getAsLong();
      if (said && now - saidAt < WHILE.toNanos()) {
        leftOut++;
        return;
      }
      said = true;
      saidAt = now;
      before = leftOut;
      leftOut = 0;
    }
    say.accept(before == 0 ? text : text + " (" + before + " lines like this were left out)");
  }
}
