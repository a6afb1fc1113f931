package dev.arbiter.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The tables in docs/lifecycle.md are those the code follows. */
class LifecycleDocumentTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "lifecycle.md");

  @Test
  void theDocumentIsPrintedFromTheTables() throws IOException {
    String text =
        """
        # Lifecycle

        Printed from the tables that decide; `mvn -pl arbiter -am test -Dtest=LifecycleDocumentTest -Dregenerate=true`
        writes it anew.

        ## The fleet

        What each request does in each state of the fleet.

        %s
        ## A worker

        What happens to a worker in each of its states.

        %s"""
            .formatted(FleetTable.render(), WorkerTable.render());
    if (Boolean.getBoolean("regenerate")) {
      Files.writeString(DOCUMENT, text);
    }
    assertThat(DOCUMENT).hasContent(text);
  }
}
