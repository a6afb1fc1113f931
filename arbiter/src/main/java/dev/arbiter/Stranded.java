package dev.arbiter;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The end of an arbiter that took another's place and cannot make use of what it was left: the
 * workers finish what they have. In a container their process is this one's: it waits for them.
 */
final class Stranded {
  private static final Duration LONGEST = Duration.ofSeconds(60);
  private static final int INTERNAL_ERROR = 1;

  private Stranded() {}

  /** Ends the process. */
  static void leave(String why) {
    if (!why.isEmpty()) {
      System.err.println(why);
    }
    List<ProcessHandle> workers = ProcessHandle.current().children().toList();
    System.err.println(
        "arbiter: the upgrade failed when it could not be taken back; %d processes finish what they"
                .formatted(workers.size())
            + " have, then this one ends");
    workers.forEach(ProcessHandle::destroy); // TERM: drain
    try {
      CompletableFuture.allOf(
              workers.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
          .get(LONGEST.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      System.err.println("arbiter: not all of them have ended");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Main.end(INTERNAL_ERROR);
  }
}
