package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On which systems the numbers hold, and how the others are refused. */
class AbiTest {

  @Test
  void thisSystemIsKnown() {
    assertThat(Abi.refusal()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"Linux,amd64", "Linux,x86_64", "Linux,aarch64"})
  void theNumbersAreThoseOf(String system, String architecture) {
    assertThat(Abi.refusal(system, architecture, "glibc")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "Linux,riscv64,glibc",
    "Linux,s390x,glibc",
    "Linux,arm,glibc",
    "Linux,amd64,musl",
    "Linux,aarch64,an unknown library",
    "Mac OS X,aarch64,an unknown library",
    "FreeBSD,amd64,glibc"
  })
  void anyOtherIsRefusedByName(String system, String architecture, String libc) {
    assertThat(Abi.refusal(system, architecture, libc))
        .hasValue(
            "this system is %s on %s with %s as its C library; Linux with glibc on x86-64 or aarch64 is needed"
                .formatted(system, architecture, libc));
  }

  @Test
  void aLibraryThatIsNotGlibcIsCalledAsItsLoaderIs(@TempDir Path root) throws IOException {
    Path lib = Files.createDirectory(root.resolve("lib"));
    assertThat(Abi.otherLibc(root)).isEqualTo("an unknown library");
    Files.createFile(lib.resolve("ld-linux-aarch64.so.1")); // gcompat's
    Files.createFile(lib.resolve("ld-musl-aarch64.so.1"));
    assertThat(Abi.otherLibc(root)).isEqualTo("musl");
  }

  @Test
  void whereThereAreNoLoadersTheLibraryIsUnknown(@TempDir Path root) {
    assertThat(Abi.otherLibc(root)).startsWith("an unknown library (").contains("lib");
  }
}
