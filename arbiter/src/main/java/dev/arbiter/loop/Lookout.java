package dev.arbiter.loop;

import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.release.FilePrints;
import dev.arbiter.release.Origins;
import dev.arbiter.release.Release;
import dev.arbiter.settings.Config;
import dev.arbiter.socket.Listener;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/**
 * Looks from time to time at what nobody tells the arbiter of: files of the class path that are
 * overwritten, and connections that wait. On a thread of its own, for a file system can hang.
 */
final class Lookout {
  private static final long FILES_EVERY_SECONDS = 5;
  private static final long QUEUES_EVERY_SECONDS = 1;

  private final ArbiterLog log;
  private final IntConsumer load;
  private final Map<Long, FilePrints> prints = new ConcurrentHashMap<>();
  private final Map<Long, Origins> origins = new ConcurrentHashMap<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("arbiter-lookout").unstarted(task));

  private volatile Optional<List<Listener>> queues = Optional.empty();

  /**
   * @param load told every second how many connections wait, while somebody wants to know; on the
   *     lookout's thread
   */
  Lookout(ArbiterLog log, IntConsumer load) {
    this.log = log;
    this.load = load;
  }

  void start() {
    thread.scheduleWithFixedDelay(
        this::lookAtFiles, FILES_EVERY_SECONDS, FILES_EVERY_SECONDS, TimeUnit.SECONDS);
    thread.scheduleWithFixedDelay(
        this::lookAtQueues, QUEUES_EVERY_SECONDS, QUEUES_EVERY_SECONDS, TimeUnit.SECONDS);
  }

  void stop() {
    thread.shutdownNow();
  }

  /**
   * A generation that has just been made may be run from now on.
   *
   * @param begun when its making began, in milliseconds since 1970
   */
  void watch(Release release, long begun) {
    adopt(release);
    if (!release.develops() && release.config().has("certfile")) {
      thread.execute(() -> origins.put(release.generation(), Origins.of(release, begun)));
    }
  }

  /** The same of one that another arbiter has made: what it was made of then is not known. */
  void adopt(Release release) {
    if (release.develops()) {
      return; // there files change all the time, and each change is followed by a reload
    }
    thread.execute(
        () -> prints.put(release.generation(), FilePrints.of(release.app().classPath())));
  }

  /**
   * The files of TLS that are others by now, if another generation would differ in nothing else.
   * Reads the disk: off the loop.
   *
   * @param now the settings as a reload would have them
   */
  List<Path> renewed(long generation, Config now) {
    Origins known = origins.get(generation);
    return known == null ? List.of() : known.renewed(now);
  }

  /** Workers read the files of TLS again. */
  void reread() {
    thread.execute(() -> origins.replaceAll((_, known) -> known.reread()));
  }

  /**
   * Files that a generation was made of and that are not what they were; joined for a message.
   * Reads the disk: off the loop.
   */
  String lost(long generation) {
    FilePrints known = prints.get(generation);
    return known == null
        ? ""
        : known.changed().stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  /** A worker is booted from it: as it was, as far as the files tell. */
  void booted(long generation) {
    thread.execute(
        () -> {
          String changed = lost(generation);
          if (!changed.isEmpty()) {
            log.warning(
                ("A worker of generation %d boots from what is not that generation any more (%s):"
                        + " others may run another version. Reload, so that all run the same")
                    .formatted(generation, changed));
          }
        });
  }

  /** No worker runs it any more. */
  void forget(long generation) {
    thread.execute(() -> prints.remove(generation));
    thread.execute(() -> origins.remove(generation));
  }

  /** What waits at these is counted from now on; empty: nobody wants to know. */
  void count(Optional<List<Listener>> listeners) {
    queues = listeners;
  }

  // Also where the kernel does not say how many wait: then the workers' own figures decide alone.
  private void lookAtQueues() {
    queues.ifPresent(
        listeners ->
            load.accept(
                listeners.stream().mapToInt(listener -> listener.pending().orElse(0)).sum()));
  }

  private void lookAtFiles() {
    prints.forEach(
        (generation, files) -> {
          for (Path file : files.overwritten()) {
            log.warning(
                ("%s was overwritten in place while workers of generation %d run from it: a class"
                        + " they have not loaded yet may fail, or be the new one. Reload now, and"
                        + " deploy into a new folder behind a symlink, or rename the new file onto"
                        + " the old one")
                    .formatted(file, generation));
          }
        });
  }
}
