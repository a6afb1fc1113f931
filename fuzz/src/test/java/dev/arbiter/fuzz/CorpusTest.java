package dev.arbiter.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The inputs that are kept, against what must hold for any. */
class CorpusTest {

  @ParameterizedTest
  @EnumSource
  void whatIsKeptHolds(Target target) {
    assertThat(Corpus.of(target)).isNotEmpty();
    for (byte[] input : Corpus.of(target)) {
      try {
        target.run(input);
      } catch (AssertionError | RuntimeException failed) {
        String shown = new String(input, StandardCharsets.ISO_8859_1);
        throw new AssertionError(shown + "\n" + failed.getMessage(), failed);
      }
    }
  }
}
