package dev.arbiter.netty;

import dev.arbiter.http.StrictCase;
import dev.arbiter.http.StrictSuite;
import dev.arbiter.http.Witness;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of the table, against both contracts. */
class StrictRequestsTest {
  private static final Witness BLOCKING = new Witness();
  private static final Witness ASYNC = new Witness();

  private static Fixture blocking;
  private static Fixture async;

  @BeforeAll
  static void start() throws Exception {
    blocking = Fixture.serving(BLOCKING.blocking());
    async = Fixture.serving(ASYNC.async());
  }

  @AfterAll
  static void stop() {
    blocking.close();
    async.close();
  }

  static List<StrictCase> table() {
    return StrictCase.all();
  }

  @ParameterizedTest
  @MethodSource("table")
  void toABlockingApp(StrictCase one) throws Exception {
    new StrictSuite(blocking::connect, BLOCKING).run(one);
  }

  @ParameterizedTest
  @MethodSource("table")
  void toAnAsyncApp(StrictCase one) throws Exception {
    new StrictSuite(async::connect, ASYNC).run(one);
  }
}
