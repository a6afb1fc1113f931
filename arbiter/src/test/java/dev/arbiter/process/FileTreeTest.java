package dev.arbiter.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTreeTest {
  @TempDir Path folder;

  private Path tree() throws IOException {
    Path tree = folder.resolve("tree");
    for (int i = 0; i < 50; i++) {
      Files.writeString(Files.createDirectories(tree.resolve("a/" + i)).resolve("file"), "text");
    }
    return tree;
  }

  @Test
  void nothingIsLeftOfIt() throws Exception {
    FileTree.delete(tree());
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatIsNotThereNeedNotBeDeleted() throws Exception {
    FileTree.delete(folder.resolve("never"));
  }

  @Test
  void aLinkGoesAndWhereItLeadsStays() throws Exception {
    Path kept = Files.writeString(folder.resolve("kept"), "text");
    Path tree = tree();
    Files.createSymbolicLink(tree.resolve("link"), kept);
    FileTree.delete(tree);
    Path alone = Files.createSymbolicLink(folder.resolve("broken"), Path.of("nowhere"));
    FileTree.delete(alone);
    assertThat(folder).isDirectoryContaining(kept::equals).isDirectoryNotContaining(alone::equals);
    assertThat(tree).doesNotExist();
  }

  @Test
  void twoMayDeleteItAtTheSameTime() throws Exception {
    Path tree = tree();
    Callable<Boolean> delete =
        () -> {
          FileTree.delete(tree);
          return true;
        };
    try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
      for (Future<Boolean> done : pool.invokeAll(List.of(delete, delete))) {
        assertThat(done.get()).isTrue();
      }
    }
    assertThat(tree).doesNotExist();
  }
}
