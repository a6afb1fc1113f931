package dev.arbiter.develop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which files matter. */
class WatchPlanTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "app/App.java, true",
    "app/deep/er/Part.java, true",
    "lib/shop.jar, true",
    "messages.properties, true",
    "notes.txt, false",
    "page.html, true",
    ".git/config.properties, false",
    "app/.App.java.swp, false",
    "app/.#App.java, false",
    "app/App.java~, false",
    "app/App.java___jb_tmp___, false",
    "node_modules/a/b.properties, false",
    "generated/app/Gen.java, false",
    "app/generated/Gen.java, false",
    "app/Big.java, false",
    "other/Big.java, true",
    "target/classes/app/App.class, true",
    "target/classes/banner.txt, true",
    "target/test-classes/app/AppTest.class, false",
    "target/surefire/x.properties, false",
    "build/classes/java/main/app/App.class, true",
    "build/tmp/compileJava/x.class, false",
  })
  void fileMatters(String file, boolean matters) throws IOException {
    Files.createFile(folder.resolve("pom.xml"));
    WatchPlan plan =
        new WatchPlan(
            List.of(folder),
            List.of(
                folder,
                folder.resolve("target/classes"),
                folder.resolve("build/classes/java/main")),
            List.of("*.html"),
            List.of("generated", "app/Big.java"),
            List.of());

    assertThat(plan.matters(folder.resolve(file))).isEqualTo(matters);
  }

  @Test
  void aPackageMayBeCalledTargetWhereNothingIsBuilt() {
    WatchPlan plan = new WatchPlan(List.of(folder), List.of(), List.of(), List.of(), List.of());

    assertThat(plan.matters(folder.resolve("target/App.java"))).isTrue();
  }

  @Test
  void aSourceThatOthersCompileMattersOnlyIfItWasAskedFor() {
    WatchPlan plan =
        new WatchPlan(List.of(folder), List.of(), List.of("special/*.java"), List.of(), List.of());
    plan.compiled(false);

    assertThat(plan.matters(folder.resolve("App.java"))).isFalse();
    assertThat(plan.matters(folder.resolve("special/App.java"))).isTrue();
    assertThat(plan.matters(folder.resolve("App.class"))).isTrue();
  }

  @Test
  void moreFilesMayLieAnywhereAndTheirNamesBePatterns() {
    Path elsewhere = folder.resolve("elsewhere");
    WatchPlan plan =
        new WatchPlan(
            List.of(folder.resolve("src")),
            List.of(),
            List.of(),
            List.of(),
            List.of(elsewhere.resolve("shop.conf"), elsewhere.resolve("*.sql")));

    assertThat(plan.matters(elsewhere.resolve("shop.conf"))).isTrue();
    assertThat(plan.matters(elsewhere.resolve("tables.sql"))).isTrue();
    assertThat(plan.matters(elsewhere.resolve("deep/tables.sql"))).isFalse();
    assertThat(plan.matters(elsewhere.resolve("App.java"))).isFalse();
  }
}
