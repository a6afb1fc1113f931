package app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.arbiter.testing.TestClient;
import org.junit.jupiter.api.Test;

/** Asks the app without a socket. */
class AppTest {
  @Test
  void greetsWithThePath() throws Exception {
    try (TestClient client = TestClient.of(new App())) {
      assertEquals("Hello from /you\n", client.get("/you").text());
      assertEquals(200, client.get("/health").status());
    }
  }
}
