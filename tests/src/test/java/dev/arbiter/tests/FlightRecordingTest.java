package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers that are recorded from their start: a drain ends them without the JVM's own shutdown. */
@Tag("slow")
final class FlightRecordingTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void aRecordingIsWrittenAtTheEndAndTheRecordersFolderGoes() throws Exception {
    Path recording = arbiters.folder().resolve("worker-0.jfr");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("sync")
            .args(
                "--java-opts=-XX:StartFlightRecording=dumponexit=true,filename="
                    + arbiters.folder()
                    + "/worker-%{nr}.jfr")
            .faulty()
            .start();
    arbiter.awaitServing(1);

    assertThat(arbiter.stop()).isZero();

    assertThat(recording).isNotEmptyFile();
    // That nothing is left in the temporary folder, Arbiters sees to.
  }
}
