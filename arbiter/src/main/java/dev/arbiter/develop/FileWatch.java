package dev.arbiter.develop;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches files by events of the kernel (on Linux inotify(7)), on a thread of its own, and tells
 * when a change begins and when it is complete: nothing has been written for a while. So a save
 * that takes several steps, and a build that writes many files, are one change.
 */
public final class FileWatch implements AutoCloseable {
  /** A build that never rests is a change all the same. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** Told of changes, on the watch's thread. */
  public interface Listener {
    /** A first file has changed. */
    void begins(Path file);

    /** The change is complete. */
    void complete(Set<Path> files);

    /** Not everything can be watched. */
    void failed(String why);
  }

  private final WatchPlan plan;
  private final Duration delay;
  private final Duration longest;
  private final Listener listener;
  private final WatchService service;
  private final Map<WatchKey, Path> folders = new HashMap<>();
  private final Set<Path> changed = new TreeSet<>();
  private long changedNanos;

  private FileWatch(
      WatchPlan plan, Duration delay, Duration longest, Listener listener, WatchService service) {
    this.plan = plan;
    this.delay = delay;
    this.longest = longest;
    this.listener = listener;
    this.service = service;
  }

  /**
   * Watches from now on: what is written after this returns is noticed.
   *
   * @param delay how long nothing must be written
   * @throws IOException the kernel has no events to give
   */
  public static FileWatch start(WatchPlan plan, Duration delay, Listener listener)
      throws IOException {
    return start(plan, delay, LONGEST, listener);
  }

  /** The same, with another limit for a change that does not rest. */
  static FileWatch start(WatchPlan plan, Duration delay, Duration longest, Listener listener)
      throws IOException {
    FileWatch watch =
        new FileWatch(plan, delay, longest, listener, FileSystems.getDefault().newWatchService());
    for (Path folder : plan.neighbours()) {
      watch.register(folder);
    }
    for (Path root : plan.roots()) {
      watch.descend(root, false);
    }
    Thread.ofPlatform().daemon().name("arbiter-file-watch").start(watch::run);
    return watch;
  }

  private void run() {
    try {
      while (true) {
        take(service.take());
        if (changed.isEmpty()) {
          continue;
        }
        listener.begins(changed.iterator().next());
        long end = System.nanoTime() + longest.toNanos();
        for (WatchKey key = next(end); key != null; key = next(end)) {
          take(key);
        }
        Set<Path> all = Set.copyOf(changed);
        changed.clear();
        listener.complete(all);
      }
    } catch (ClosedWatchServiceException closed) {
      // The arbiter stops.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What has come since, until nothing that matters has changed for a while; null then. */
  private @Nullable WatchKey next(long end) throws InterruptedException {
    long now = System.nanoTime();
    if (now - end >= 0) {
      return null;
    }
    // What is there already counts, even if this comes late to it.
    return service.poll(
        Math.min(changedNanos + delay.toNanos() - now, end - now), TimeUnit.NANOSECONDS);
  }

  private void changed(Path file) {
    changed.add(file);
    changedNanos = System.nanoTime();
  }

  private void take(WatchKey key) {
    Path folder = folders.get(key);
    for (WatchEvent<?> event : key.pollEvents()) {
      if (folder == null) {
        continue;
      }
      if (StandardWatchEventKinds.OVERFLOW.equals(event.kind())) {
        // More than the kernel could keep: whatever is there may have changed.
        descend(folder, true);
      } else if (event.context() instanceof Path name) {
        take(folder.resolve(name), StandardWatchEventKinds.ENTRY_CREATE.equals(event.kind()));
      }
    }
    if (!key.reset()) {
      folders.remove(key); // the folder is gone
    }
  }

  private void take(Path path, boolean isNew) {
    if (Files.isDirectory(path)) {
      if (isNew && plan.descends(path)) {
        descend(path, true);
      }
    } else if (plan.matters(path)) {
      changed(path);
    }
  }

  /**
   * Watches a folder and those in it.
   *
   * @param news whether the files that are there are news: they were written before it was watched
   */
  private void descend(Path folder, boolean news) {
    if (!Files.isDirectory(folder) || !register(folder)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          if (plan.descends(entry)) {
            descend(entry, news);
          }
        } else if (news && plan.matters(entry)) {
          changed(entry);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException gone) {
      // Its end is an event of the folder it was in.
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      listener.failed(folder + " cannot be read: " + e);
    }
  }

  private boolean register(Path folder) {
    try {
      WatchKey key =
          folder.register(
              service,
              StandardWatchEventKinds.ENTRY_CREATE,
              StandardWatchEventKinds.ENTRY_MODIFY,
              StandardWatchEventKinds.ENTRY_DELETE);
      folders.put(key, folder);
      return true;
    } catch (NoSuchFileException | NotDirectoryException gone) {
      return false;
    } catch (IOException e) {
      listener.failed(
          folder
              + " cannot be watched: "
              + e.getMessage()
              + " (Linux limits how many folders may be: fs.inotify.max_user_watches)");
      return false;
    }
  }

  /** Watches no more. */
  @Override
  public void close() throws IOException {
    service.close();
  }
}
