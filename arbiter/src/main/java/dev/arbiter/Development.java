package dev.arbiter;

import dev.arbiter.develop.FileWatch;
import dev.arbiter.develop.WatchPlan;
import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.loop.Reloads;
import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.release.Release;
import dev.arbiter.release.ReleaseResolver;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Action.Verdict;
import dev.arbiter.supervise.Event.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * {@code --reload}: turns changes of files into reloads. What fails on the way, and cannot be told
 * by the worker that fails, is served as a page by the next generation.
 *
 * <p>Called by the threads of the watch, of the loop and of what resolves releases. Lives from
 * before the first release is resolved to the end of the arbiter.
 */
final class Development implements FileWatch.Listener, AutoCloseable {
  private static final int SHOWN_FILES = 3;

  private final Config config;
  private final ArbiterLog log;
  private final WatchPlan plan;
  private final AtomicReference<@Nullable String> problem = new AtomicReference<>();
  private final AtomicLong changes = new AtomicLong();
  private @Nullable Reloads loop;
  private boolean missed;
  private volatile @Nullable FileWatch watch;

  Development(Config config, ArbiterLog log) {
    this.config = config;
    this.log = log;
    this.plan = ReleaseResolver.watchPlan(config);
  }

  /** Watches from now on, so that what is saved during the first start is not missed. */
  void watch() {
    try {
      watch = FileWatch.start(plan, config.duration("reload-delay"), this);
    } catch (IOException e) {
      log.error("Files cannot be watched: " + e + "; HUP reloads");
    }
  }

  /** This is whom to ask for reloads; what was saved before is one. */
  void attach(Reloads running) {
    boolean late;
    synchronized (this) {
      loop = running;
      late = missed;
    }
    if (late) {
      long change = changes.get();
      running.changed();
      reload(reply -> failed(reply, change));
    }
  }

  private synchronized @Nullable Reloads running() {
    missed |= loop == null;
    return loop;
  }

  /** A few lines for whoever sits in front of it. */
  void greet(Release first, long pid) {
    log.info(
        "Development: %s (pid %d, %s worker, JDK %s)"
            .formatted(
                String.join(", ", first.listenerNames()),
                pid,
                first.kind().name(),
                Runtime.version()));
    log.info("Watching " + plan.summary() + "; press Ctrl-C to stop");
  }

  /** What is wrong with the release that failed last, which the next is to tell; once. */
  @Nullable String takeProblem() {
    return problem.getAndSet(null);
  }

  /** This is what workers run from now on. */
  void follow(Release release) {
    if (release.app().problem().isEmpty()) {
      plan.compiled(release.app().compiled());
    }
  }

  @Override
  public void begins(Path file) {
    changes.incrementAndGet();
    Reloads running = running();
    if (running != null) {
      running.changed();
    }
  }

  @Override
  public void complete(Set<Path> files) {
    log.info("Changed: " + names(files));
    long change = changes.get();
    synchronized (this) {
      problem.set(null); // of a version that nobody wants to see any more
    }
    reload(reply -> failed(reply, change));
  }

  @Override
  public void failed(String why) {
    log.warning(why);
  }

  private String names(Set<Path> files) {
    StringBuilder text = new StringBuilder();
    files.stream()
        .sorted()
        .limit(SHOWN_FILES)
        .forEach(file -> text.append(text.isEmpty() ? "" : ", ").append(shown(file)));
    int more = files.size() - SHOWN_FILES;
    return text + (more > 0 ? " and %d more".formatted(more) : "");
  }

  private Path shown(Path file) {
    return file.startsWith(config.directory()) ? config.directory().relativize(file) : file;
  }

  /** What to do with a reload that failed. */
  private interface Failure {
    void of(Action.Reply reply);
  }

  private void reload(Failure failure) {
    Reloads running = running();
    if (running == null) {
      return;
    }
    ArbiterLoop.Answer answer =
        new ArbiterLoop.Answer() {
          @Override
          public void accepted() {
            // The outcome is what counts.
          }

          @Override
          public void replied(Action.Reply reply) {
            if (reply.verdict() == Verdict.FAILED) {
              failure.of(reply);
            }
          }
        };
    if (!running.ask(Request.RELOAD, 0, answer)) {
      log.error("The arbiter is too far behind to reload; save again");
    }
  }

  /**
   * Its worker did not come so far as to tell: it ended, or took too long. Where files have changed
   * since, what is made of those is what counts.
   */
  private void failed(Action.Reply reply, long change) {
    synchronized (this) {
      if (!isLatest(change)) {
        return;
      }
      problem.set("The new version could not be started\n" + reply.text());
    }
    reload(
        second -> {
          log.error("The version before serves on: " + second.text());
          Reloads running = running();
          if (running != null) {
            running.settleForWhatServes(() -> isLatest(change));
          }
        });
  }

  private boolean isLatest(long change) {
    return changes.get() == change;
  }

  @Override
  public void close() {
    FileWatch started = watch;
    if (started != null) {
      try {
        started.close();
      } catch (IOException e) {
        log.warning("The watch for files does not end: " + e);
      }
    }
  }
}
