package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SeldomLogTest {

  @Test
  void oneLineInAWhileAndTheNumberOfThoseLeftOut() {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // nanoTime may overflow
    List<String> said = new ArrayList<>();
    SeldomLog log = new SeldomLog(said::add, now::get);
    log.say("a");
    log.say("b");
    now.addAndGet(SeldomLog.WHILE.toNanos() - 1);
    log.say("c");
    assertThat(said).containsExactly("a");
    now.incrementAndGet();
    log.say("d");
    assertThat(said).containsExactly("a", "d (2 lines like this were left out)");
    now.addAndGet(SeldomLog.WHILE.toNanos());
    log.say("e");
    assertThat(said).endsWith("e");
  }
}
