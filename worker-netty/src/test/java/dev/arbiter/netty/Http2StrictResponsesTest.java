package dev.arbiter.netty;

import dev.arbiter.http.ResponseCase;
import dev.arbiter.http.ResponseSuite;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every response of the table over HTTP/2, from apps of both contracts. */
class Http2StrictResponsesTest {
  private static Fixture blocking;
  private static Fixture async;

  @BeforeAll
  static void start() throws Exception {
    blocking = Fixture.servingHttp2(ResponseSuite.BLOCKING, null);
    async = Fixture.servingHttp2(ResponseSuite.ASYNC, null);
  }

  @AfterAll
  static void stop() {
    blocking.close();
    async.close();
  }

  static List<ResponseCase> table() {
    return ResponseCase.allInHttp2();
  }

  @ParameterizedTest
  @MethodSource("table")
  void ofABlockingApp(ResponseCase one) throws Exception {
    ResponseSuite.run(one, blocking::client);
  }

  @ParameterizedTest
  @MethodSource("table")
  void ofAnAsyncApp(ResponseCase one) throws Exception {
    ResponseSuite.run(one, async::client);
  }
}
