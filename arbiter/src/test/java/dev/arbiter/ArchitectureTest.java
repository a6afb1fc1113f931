package dev.arbiter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The layout is the architecture: these are its walls. */
@AnalyzeClasses(packages = "dev.arbiter", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule DECISIONS_ARE_PURE =
      classes()
          .that()
          .resideInAPackage("dev.arbiter.supervise..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.arbiter.supervise..",
              "dev.arbiter.wire..",
              "java.lang..",
              "java.util",
              "java.util.function..",
              "java.util.stream..",
              "java.time..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule DECISIONS_START_NO_THREAD_AND_READ_NO_CLOCK =
      noClasses()
          .that()
          .resideInAPackage("dev.arbiter.supervise..")
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(Thread.class, ProcessHandle.class, java.time.Clock.class)
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule ONLY_THE_COMMAND_LINE_PARSES_ARGUMENTS =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.arbiter.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("picocli..");

  @ArchTest
  static final ArchRule ONLY_PROCESS_SPEAKS_TO_JNR =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.arbiter.process..", "dev.arbiter.control..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jnr..");

  @ArchTest
  static final ArchRule ONLY_CONTROL_SPEAKS_JSON =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.arbiter.control..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.fasterxml.jackson..");

  @ArchTest
  static final ArchRule ONLY_OBSERVE_SPEAKS_TO_LOG4J =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.arbiter.observe..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.logging..");

  @ArchTest
  static final ArchRule THE_ARBITER_KNOWS_NO_NETTY_AND_NO_WORKER_KIND =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.netty..",
              "dev.arbiter.compression..",
              "dev.arbiter.http..",
              "dev.arbiter.netty..",
              "dev.arbiter.sync..");

  @ArchTest
  static final ArchRule DEPENDENCIES_POINT_DOWN =
      com.tngtech.archunit.library.Architectures.layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("main")
          .definedBy("dev.arbiter")
          .layer("cli")
          .definedBy("dev.arbiter.cli..")
          .layer("control")
          .definedBy("dev.arbiter.control..")
          .layer("loop")
          .definedBy("dev.arbiter.loop..")
          .layer("upgrade")
          .definedBy("dev.arbiter.upgrade..")
          .layer("diagnose")
          .definedBy("dev.arbiter.diagnose..")
          .layer("release")
          .definedBy("dev.arbiter.release..")
          .layer("host")
          .definedBy("dev.arbiter.host..")
          .layer("socket")
          .definedBy("dev.arbiter.socket..")
          .layer("process")
          .definedBy("dev.arbiter.process..")
          .layer("supervise")
          .definedBy("dev.arbiter.supervise..")
          .layer("develop")
          .definedBy("dev.arbiter.develop..")
          .layer("settings")
          .definedBy("dev.arbiter.settings..")
          .whereLayer("main")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayOnlyBeAccessedByLayers("main")
          .whereLayer("control")
          .mayOnlyBeAccessedByLayers("main", "cli")
          .whereLayer("loop")
          .mayOnlyBeAccessedByLayers("main", "control")
          .whereLayer("upgrade")
          .mayOnlyBeAccessedByLayers("main", "cli", "loop")
          .whereLayer("diagnose")
          .mayOnlyBeAccessedByLayers("main", "loop")
          .whereLayer("release")
          .mayOnlyBeAccessedByLayers("main", "loop", "upgrade")
          .whereLayer("develop")
          .mayOnlyBeAccessedByLayers("main", "release")
          .whereLayer("host")
          .mayOnlyBeAccessedByLayers("main", "loop", "release")
          .whereLayer("socket")
          .mayOnlyBeAccessedByLayers("main", "control", "loop", "upgrade", "release", "host")
          .whereLayer("process")
          .mayOnlyBeAccessedByLayers(
              "main", "control", "loop", "upgrade", "diagnose", "release", "socket", "host")
          .whereLayer("supervise")
          .mayOnlyBeAccessedByLayers(
              "main", "control", "loop", "upgrade", "diagnose", "release", "host");

  /**
   * A kind is known by its descriptor: only the settings may name one, as a default or another's
   * value.
   */
  @Test
  void noSourceOutsideTheSettingsNamesAWorkerKind() throws IOException {
    try (Stream<Path> sources = Files.walk(Path.of("src/main/java/dev/arbiter"))) {
      for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (!source.toString().contains("/settings/")) {
          assertThat(source).content().doesNotContainPattern("(?i)netty|\\bsync\\b");
        }
      }
    }
  }
}
