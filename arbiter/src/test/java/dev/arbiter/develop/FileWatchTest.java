package dev.arbiter.develop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files, real events. */
class FileWatchTest {
  @TempDir Path folder;

  private final BlockingQueue<Path> begun = new LinkedBlockingQueue<>();
  private final BlockingQueue<Set<Path>> complete = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> failures = new LinkedBlockingQueue<>();
  private FileWatch watch;

  @BeforeEach
  void start() throws IOException {
    Files.createDirectories(folder.resolve("src/app"));
    Files.writeString(folder.resolve("src/app/App.java"), "class App {}");
    watch =
        FileWatch.start(
            new WatchPlan(
                List.of(folder.resolve("src")),
                List.of(folder.resolve("later/classes")),
                List.of(),
                List.of(),
                List.of(folder.resolve("shop.conf"))),
            Duration.ofMillis(100),
            Duration.ofHours(1),
            new FileWatch.Listener() {
              @Override
              public void begins(Path file) {
                begun.add(file);
              }

              @Override
              public void complete(Set<Path> files) {
                complete.add(files);
              }

              @Override
              public void failed(String why) {
                failures.add(why);
              }
            });
  }

  @AfterEach
  void close() throws IOException {
    watch.close();
    assertThat(failures).isEmpty();
  }

  @Test
  void manyWritesAreOneChange() throws Exception {
    for (int i = 0; i < 50; i++) {
      Files.writeString(folder.resolve("src/app/App.java"), "class App { /* " + i + " */ }");
      Files.writeString(folder.resolve("src/app/Part" + i % 3 + ".java"), "class Part {}");
    }

    assertThat(next())
        .containsExactlyInAnyOrder(
            folder.resolve("src/app/App.java"),
            folder.resolve("src/app/Part0.java"),
            folder.resolve("src/app/Part1.java"),
            folder.resolve("src/app/Part2.java"));
    assertThat(begun).hasSize(1);
  }

  @Test
  void aFileThatIsRenamedOverAnotherIsAChangeOfThat() throws Exception {
    Path swap = Files.writeString(folder.resolve("src/app/.App.java.swp"), "class App { }");
    Files.move(swap, folder.resolve("src/app/App.java"), StandardCopyOption.ATOMIC_MOVE);

    assertThat(next()).containsExactly(folder.resolve("src/app/App.java"));
  }

  @Test
  void aNewFolderIsWatchedAndWhatIsInItAlreadyIsNews() throws Exception {
    Files.createDirectories(folder.resolve("src/app/deep/er"));
    Files.writeString(folder.resolve("src/app/deep/er/Part.java"), "class Part {}");
    assertThat(next()).containsExactly(folder.resolve("src/app/deep/er/Part.java"));

    Files.writeString(folder.resolve("src/app/deep/er/Part.java"), "class Part { }");
    assertThat(next()).containsExactly(folder.resolve("src/app/deep/er/Part.java"));
  }

  @Test
  void aFileThatIsRemovedIsAChange() throws Exception {
    Files.delete(folder.resolve("src/app/App.java"));

    assertThat(next()).containsExactly(folder.resolve("src/app/App.java"));
  }

  @Test
  void aSingleFileIsWatchedBesideOthersThatAreNot() throws Exception {
    Files.writeString(folder.resolve("other.conf"), "no");
    Files.writeString(folder.resolve("shop.conf"), "yes");

    assertThat(next()).containsExactly(folder.resolve("shop.conf"));
  }

  @Test
  void whatDoesNotMatterKeepsNoChangeFromBeingComplete() throws Exception {
    Path log = folder.resolve("src/app/app.log");
    AtomicBoolean enough = new AtomicBoolean();
    Thread app =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; !enough.get(); i++) {
                    append(log, i + "\n");
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                  }
                });
    try {
      Files.writeString(folder.resolve("src/app/App.java"), "class App { }");

      assertThat(next()).containsExactly(folder.resolve("src/app/App.java"));
    } finally {
      enough.set(true);
      app.join();
    }
  }

  private static void append(Path file, String text) {
    try {
      Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Set<Path> next() throws InterruptedException {
    Set<Path> files = complete.poll(20, TimeUnit.SECONDS);
    assertThat(files).isNotNull();
    return files;
  }
}
