package dev.arbiter.release;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePrintsTest {
  @TempDir Path folder;

  @Test
  void aJarOverwrittenInPlaceIsToldOnce() throws IOException {
    Path jar = Files.writeString(folder.resolve("app.jar"), "one");
    Path other = Files.writeString(folder.resolve("lib.jar"), "lib");
    FilePrints prints = FilePrints.of(List.of(jar, other, folder));
    assertThat(prints.overwritten()).isEmpty();
    Files.writeString(jar, "another");
    assertThat(prints.overwritten()).containsExactly(jar);
    assertThat(prints.overwritten()).isEmpty();
  }

  @Test
  void aJarReplacedByRenamingIsNotInTheWayOfWorkersThatHaveTheOldOneOpen() throws IOException {
    Path jar = Files.writeString(folder.resolve("app.jar"), "one");
    FilePrints prints = FilePrints.of(List.of(jar));
    Files.move(Files.writeString(folder.resolve("new.jar"), "another"), jar, REPLACE_EXISTING);
    assertThat(prints.overwritten()).isEmpty();
  }

  @Test
  void whatAWorkerWouldBootFromIsNotWhatItWas() throws IOException {
    Path same = Files.writeString(folder.resolve("same.jar"), "same");
    Path written = Files.writeString(folder.resolve("written.jar"), "one");
    Path renamed = Files.writeString(folder.resolve("renamed.jar"), "one");
    Path gone = Files.writeString(folder.resolve("gone.jar"), "one");
    FilePrints prints = FilePrints.of(List.of(same, written, renamed, gone));
    assertThat(prints.changed()).isEmpty();
    Files.writeString(written, "another");
    Files.move(Files.writeString(folder.resolve("new.jar"), "two"), renamed, REPLACE_EXISTING);
    Files.delete(gone);
    prints.overwritten(); // tells each once; the other does not depend on it
    assertThat(prints.changed()).containsExactly(written, renamed, gone);
  }

  @Test
  void whatIsNotThereIsNotWatched() throws IOException {
    Path jar = Files.writeString(folder.resolve("app.jar"), "one");
    FilePrints prints = FilePrints.of(List.of(folder.resolve("none.jar"), jar));
    Files.delete(jar);
    assertThat(prints.overwritten()).isEmpty();
  }
}
