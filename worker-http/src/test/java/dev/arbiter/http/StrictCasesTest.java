package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The table of requests and the document that is written from it: {@link DifferentialTest} writes
 * it, but runs only where nginx and HAProxy are.
 */
class StrictCasesTest {
  private static final Pattern COUNTS =
      Pattern.compile("^(\\d+) messages, (\\d+) of them malformed", Pattern.MULTILINE);

  @Test
  void theDocumentCountsTheMessagesThatThereAre() throws Exception {
    String document = Files.readString(DifferentialTest.DOCUMENT);
    List<StrictCase> all = StrictCase.all();
    Matcher counts = COUNTS.matcher(document);
    assertThat(counts.find()).isTrue();
    assertThat(Integer.parseInt(counts.group(1))).isEqualTo(all.size());
    assertThat(Integer.parseInt(counts.group(2)))
        .isEqualTo((int) all.stream().filter(StrictCase::malformed).count());
  }

  @Test
  void soDoesThatOfTheGuarantees() throws Exception {
    assertThat(Files.readString(DifferentialTest.DOCUMENT.resolveSibling("guarantees.md")))
        .contains(
            "tables of %d messages and %d responses"
                .formatted(StrictCase.all().size(), ResponseCase.all().size()));
  }
}
