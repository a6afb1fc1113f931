package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SlowWatchTest {
  private static StackTraceElement frame(String type, String method) {
    return new StackTraceElement(type, method, "X.java", 7);
  }

  @Test
  void theStackEndsWhereTheAppDoes() {
    assertThat(
            SlowWatch.text(
                new StackTraceElement[] {
                  frame("java.lang.Thread", "sleep"),
                  frame("app.App", "query"),
                  frame("java.util.ArrayList", "forEach"),
                  frame("app.App", "handle"),
                  frame("dev.arbiter.netty.BlockingCall", "run"),
                  frame("java.lang.VirtualThread", "run")
                }))
        .isEqualTo(
            "at java.lang.Thread.sleep(X.java:7)\nat app.App.query(X.java:7)\n"
                + "at java.util.ArrayList.forEach(X.java:7)\nat app.App.handle(X.java:7)");
  }

  @Test
  void aStackWithoutTheAppIsShownWhole() {
    assertThat(
            SlowWatch.text(
                new StackTraceElement[] {
                  frame("java.lang.Thread", "sleep"), frame("dev.arbiter.sync.Reply", "emit")
                }))
        .contains("sleep", "emit");
  }

  @Test
  void aDeepStackFitsAMessage() {
    StackTraceElement[] deep = new StackTraceElement[500];
    java.util.Arrays.fill(deep, frame("app." + "X".repeat(200), "recurse"));
    assertThat(SlowWatch.text(deep).length()).isLessThan(3100);
    assertThat(SlowWatch.text(deep)).endsWith("\n...");
  }

  @Test
  void aSlowRequestIsReportedOnceWithItsStack() throws Exception {
    FixtureContext context = new FixtureContext(Map.of("slow-request-timeout", "40"));
    RequestBook book = new RequestBook(context.settings(), context);
    SlowWatch.start(book, context);
    RequestBook.Entry entry = book.begin("GET", "/slow", null);
    entry.enter(Thread.currentThread());
    assertThat(context.slow.poll(20, TimeUnit.SECONDS))
        .contains("GET /slow", "on thread #", "SlowWatchTest.aSlowRequestIsReportedOnce");
    assertThat(context.slow.poll(100, TimeUnit.MILLISECONDS)).isNull();
    book.begin("GET", "/waiting", null);
    assertThat(context.slow.poll(20, TimeUnit.SECONDS)).contains("GET /waiting", "no thread");
  }

  @Test
  void underOverloadTheRestIsCounted() throws Exception {
    FixtureContext context = new FixtureContext(Map.of("slow-request-timeout", "40"));
    RequestBook book = new RequestBook(context.settings(), context);
    for (int i = 0; i < 35; i++) {
      book.begin("GET", "/" + i, null);
    }
    LockSupport.parkNanos(Duration.ofMillis(60).toNanos()); // all of them in the first look
    SlowWatch.start(book, context);
    for (int i = 0; i < 10; i++) {
      assertThat(context.slow.poll(20, TimeUnit.SECONDS)).contains("GET /");
    }
    while (context.said.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(context.said.getFirst()).contains("25 other requests");
    assertThat(context.slow).isEmpty();
  }
}
