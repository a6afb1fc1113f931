package dev.arbiter.sync;

import dev.arbiter.http.ResponseCase;
import dev.arbiter.http.ResponseSuite;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every response of the table, from apps of both contracts. */
class StrictResponsesTest {
  private static Fixture blocking;
  private static Fixture async;

  @BeforeAll
  static void start() throws Exception {
    blocking = Fixture.serving(ResponseSuite.BLOCKING);
    async = Fixture.servingAsync(ResponseSuite.ASYNC);
  }

  @AfterAll
  static void stop() {
    blocking.close();
    async.close();
  }

  static List<ResponseCase> table() {
    return ResponseCase.all();
  }

  @ParameterizedTest
  @MethodSource("table")
  void ofABlockingApp(ResponseCase one) throws Exception {
    ResponseSuite.run(one, blocking::connect);
  }

  @ParameterizedTest
  @MethodSource("table")
  void ofAnAsyncApp(ResponseCase one) throws Exception {
    ResponseSuite.run(one, async::connect);
  }
}
