package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An app whose workers all die with their first request: nothing good was ever there. */
@Tag("slow")
@Timeout(180)
final class CrashLoopTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void fleetOfWhichNoWorkerEverLastedIsGivenUp() throws Exception {
    arbiters.expectError("Worker |degraded|Giving up|exit code 6");
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").workers(4).args("--worker-heap", "64M").faulty().launch();
    int port = arbiter.port();

    for (int i = 0; i < 10; i++) {
      endOne(port);
    }

    assertThat(arbiter.exitCode(Limits.CHANGE)).isEqualTo(6);
    arbiter.awaitOutputEnd(Limits.ANSWER);
    assertThat(arbiter.log().text())
        .contains("Giving up: 10 workers in a row died before or within 5 s of being ready");
  }

  /** Waits for the next worker that takes a connection. */
  private static void endOne(int port) throws IOException {
    try (RawClient client = RawClient.tcp(port)) {
      client.request("/exit?code=41");
      assertThat(client.closedWithin(Limits.CHANGE)).isTrue();
    }
  }
}
