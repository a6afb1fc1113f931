package dev.arbiter.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.process.WorkerKind.KindException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerKindTest {
  @TempDir Path home;

  @Test
  void aKindOfTheInstallationIsFoundByName() throws Exception {
    describe("lib/worker-one", "name=one\nmain=a.B\nclasspath=*.jar\njvm-flags=-Xa  -Xb\n");
    WorkerKind kind = WorkerKind.find("one", "-k it", home, List.of());
    assertThat(kind.mainClass()).isEqualTo("a.B");
    assertThat(kind.jvmFlags()).containsExactly("-Xa", "-Xb");
    assertThat(kind.needsApp()).isTrue();
    assertThat(kind.classPath()).extracting(Path::getFileName).hasToString("[a.jar, b.jar]");
  }

  @Test
  void aKindElsewhereIsFoundInTheFoldersNamed() throws Exception {
    describe("more/worker-two", "name=two\nmain=a.B\nclasspath=*.jar\napp=none\n");
    assertThat(WorkerKind.find("two", "-k it", home, List.of(home.resolve("more"))).needsApp())
        .isFalse();
    assertThat(
            WorkerKind.find("two", "-k it", home, List.of(home.resolve("more/worker-two"))).name())
        .isEqualTo("two");
  }

  @Test
  void aKindIsFoundByThePathOfItsFolder() throws Exception {
    describe("three", "name=three\nmain=a.B\nclasspath=*.jar\n");
    assertThat(WorkerKind.find(home.resolve("three") + "", "-k it", home, List.of()).name())
        .isEqualTo("three");
  }

  @Test
  void theInstallationsFolderStandsInAClassPath() throws Exception {
    describe("lib/worker-api", "");
    describe("far", "name=far\nmain=a.B\nclasspath=${arbiter.home}/lib/worker-api/*.jar\n");
    assertThat(WorkerKind.find(home.resolve("far") + "", "-k it", home, List.of()).classPath())
        .hasSize(2);
  }

  @Test
  void theKindsOwnFolderStandsInItsFlags() throws Exception {
    describe(
        "lib/worker-one", "name=one\nmain=a.B\nclasspath=*.jar\njvm-flags=-Da=${worker.home}/x\n");
    assertThat(WorkerKind.find("one", "-k it", home, List.of()).jvmFlags())
        .containsExactly("-Da=" + home.resolve("lib/worker-one/x"));
  }

  @Test
  void theArchiveOfAKindIsUsedWhereThereIsOne() throws Exception {
    describe("lib/worker-one", "name=one\nmain=a.B\nclasspath=*.jar\njvm-flags=-Xa\n");
    Path archive = Files.writeString(home.resolve("lib/worker-one/classes.jsa"), "");
    assertThat(WorkerKind.find("one", "-k it", home, List.of()).jvmFlags())
        .startsWith("-Xa", "-XX:SharedArchiveFile=" + archive)
        .contains("-Xlog:cds=off");
  }

  @Test
  void aKindThatIsNotThereIsSaidWithThoseThatAre() throws Exception {
    describe("lib/worker-one", "name=one\nmain=a.B\nclasspath=*.jar\n");
    describe("more/worker-two", "name=two\nmain=a.B\nclasspath=*.jar\n");
    describe("worker-three", "name=three\nmain=a.B\nclasspath=*.jar\n");
    describe("more/worker-nothing/in", "");
    List<Path> folders = List.of(home.resolve("more"), home.resolve("worker-three"));
    assertThatThrownBy(() -> WorkerKind.find("oen", "ARBITER_WORKER_CLASS=oen", home, folders))
        .isInstanceOf(KindException.class)
        .hasMessage(
            "ARBITER_WORKER_CLASS=oen: expected one of one, three, two; the nearest is one");
    String path = home.resolve("worker-four").toString();
    assertThatThrownBy(() -> WorkerKind.find(path, "-k " + path, home, folders))
        .hasMessage("-k " + path + ": expected a folder with a worker.properties");
  }

  @Test
  void aDescriptorWithoutAMainClassIsNamed() throws Exception {
    describe("lib/worker-one", "name=one\nclasspath=*.jar\n");
    assertThat(
            catchThrowableOfType(
                KindException.class, () -> WorkerKind.find("one", "-k it", home, List.of())))
        .hasMessageContaining("worker.properties has no 'main'");
  }

  private void describe(String folder, String text) throws IOException {
    Path path = Files.createDirectories(home.resolve(folder));
    Files.writeString(path.resolve("worker.properties"), text);
    Files.createFile(path.resolve("b.jar"));
    Files.createFile(path.resolve("a.jar"));
  }
}
