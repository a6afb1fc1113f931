package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --reload} of what others have compiled: each form that docs/develop.md lists. */
@Tag("slow")
final class DevelopBuiltTest {
  private static final Pattern CHANGED = Pattern.compile("Changed: (.*)");
  private static final Pattern STEADY = Pattern.compile("Fleet STEADY: 1 serving, 0 booting");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void mavenProject() throws Exception {
    write("pom.xml", "<project/>");
    isServedOnceItIsCompiled("target", "target/classes");
  }

  @Test
  void gradleProject() throws Exception {
    write("build.gradle", "plugins { id 'java' }");
    isServedOnceItIsCompiled("build", "build/classes/java/main");
  }

  /** The source's own save does nothing, nor what else the build leaves. */
  private void isServedOnceItIsCompiled(String build, String classes) throws Exception {
    Path source = write("src/main/java/app/App.java", SourceApp.blocking("\"first\""));
    Path into = arbiters.folder().resolve(classes);
    SourceApp.compile(into, List.of(source));
    ArbiterProcess arbiter = start("app:App");

    int mark = arbiter.log().mark();
    Files.writeString(source, SourceApp.blocking("\"second\""));
    write(build + "/tmp/compileJava/App.class", "no class, and none of ours");
    SourceApp.compile(into, List.of(source));

    follows(arbiter, mark, classes + "/app/App.class");
  }

  @Test
  void folderOfClasses() throws Exception {
    Path source =
        SourceApp.write(arbiters.folder().resolve("src"), SourceApp.blocking("\"first\""));
    Path out = arbiters.folder().resolve("out");
    SourceApp.compile(out, List.of(source));
    ArbiterProcess arbiter = start("out:app.App");

    int mark = arbiter.log().mark();
    Files.writeString(source, SourceApp.blocking("\"second\""));
    SourceApp.compile(out, List.of(source));

    follows(arbiter, mark, "out/app/App.class");
  }

  @Test
  void jar() throws Exception {
    Path jar = arbiters.folder().resolve("shop.jar");
    jar("first", jar);
    ArbiterProcess arbiter = start("shop.jar:app.App");

    int mark = arbiter.log().mark();
    Path next = arbiters.run().resolve("next.jar");
    jar("second", next);
    Files.move(next, jar, StandardCopyOption.ATOMIC_MOVE);

    follows(arbiter, mark, "shop.jar");
  }

  /** An app that answers this, compiled where nothing is watched. */
  private void jar(String answer, Path file) throws IOException {
    Path made = arbiters.run().resolve(answer);
    Path classes = SourceApp.compile(made, SourceApp.blocking("\"" + answer + "\""));
    try (OutputStream out = Files.newOutputStream(file);
        JarOutputStream jar = new JarOutputStream(out)) {
      jar.putNextEntry(new JarEntry("app/App.class"));
      Files.copy(classes.resolve("app/App.class"), jar);
      jar.closeEntry();
    }
  }

  private ArbiterProcess start(String app) throws Exception {
    ArbiterProcess arbiter = arbiters.command().args("--reload").app(app).start();
    assertThat(DevelopTest.text(arbiter)).isEqualTo("first");
    return arbiter;
  }

  private static void follows(ArbiterProcess arbiter, int mark, String changed) throws Exception {
    assertThat(arbiter.log().awaitAfter(mark, CHANGED, Limits.CHANGE).group(1)).isEqualTo(changed);
    assertThat(DevelopTest.text(arbiter)).isEqualTo("second");
    arbiter.log().awaitAfter(mark, STEADY, Limits.CHANGE);
  }

  private Path write(String file, String text) throws IOException {
    Path path = arbiters.folder().resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, text);
  }
}
