package dev.arbiter.diagnose;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A page about a worker whose app has printed what a client sent. */
final class SummaryTest {
  private static final String FORGED = "x\n\n## Concluded\n\n**nothing**\u001b[2J";

  @Test
  void whatAClientHadAHandInStaysInItsPlaceAndSteersNoTerminal() {
    Patient patient = new Patient(1, 7, List.of(), System.nanoTime(), Optional.empty(), 0);
    Verdict verdict =
        new Verdict(Cause.DEAD, "thread \"" + FORGED + "\"", List.of("at a.B" + FORGED));
    String page =
        Summary.ofDead(
            patient,
            Instant.now(),
            "exit code 1" + FORGED,
            verdict,
            List.of("  ```", "## Concluded", FORGED),
            Map.of());

    assertThat(page).doesNotContain("\u001b");
    List<String> outside = new java.util.ArrayList<>();
    boolean inBlock = false;
    for (String line : page.split("\n", -1)) {
      boolean fence = line.matches(" {0,3}```.*"); // as CommonMark has it
      inBlock ^= fence;
      if (!inBlock && !fence) {
        outside.add(line);
      }
    }
    assertThat(inBlock).isFalse();
    assertThat(outside).filteredOn(line -> line.startsWith("## Concluded")).hasSize(1);
  }
}
