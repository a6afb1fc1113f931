package dev.arbiter.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.upgrade.Heritage;
import dev.arbiter.wire.Message;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TicketSecretsTest {
  private static final long START = Long.MAX_VALUE - 5; // nanoTime may overflow
  private static final long PERIOD = TicketSecrets.ROTATION_NANOS;

  private final TicketSecrets secrets = new TicketSecrets(new SecureRandom(), START);

  /** In the order they are told. */
  private List<String> told() {
    return secrets.message().tickets().lines().toList();
  }

  @Test
  void theNextIsKnownBeforeItIsUsedAndTheLastOneStaysForATime() {
    List<String> first = told();
    assertThat(first).hasSize(3).doesNotHaveDuplicates();
    assertThat(secrets.rotate(START + PERIOD - 1)).isFalse();
    assertThat(told()).isEqualTo(first);
    assertThat(secrets.rotate(START + PERIOD)).isTrue();
    List<String> second = told();
    assertThat(second.get(0)).isEqualTo(first.get(2)); // the next has become the current one
    assertThat(second.get(1)).isEqualTo(first.get(0)); // the current one is still accepted
    assertThat(second).doesNotContain(first.get(1));
    assertThat(secrets.rotate(START + 2 * PERIOD - 1)).isFalse();
    assertThat(secrets.rotate(START + 2 * PERIOD)).isTrue();
    assertThat(told()).doesNotContain(first.get(0));
  }

  @Test
  void afterALongSleepNothingIsLeftOfWhatWas() {
    List<String> first = told();
    long later = START + PERIOD * 10 + TimeUnit.HOURS.toNanos(1);
    assertThat(secrets.rotate(later)).isTrue();
    assertThat(told()).doesNotContainAnyElementsOf(first).doesNotHaveDuplicates();
    assertThat(secrets.rotate(later + PERIOD - 1)).isFalse();
  }

  @Test
  void whatIsPrintedDoesNotShowThem() {
    assertThat(secrets.message().toString()).isEqualTo("Keys");
    assertThat(secrets.message().ticketSecrets()).allSatisfy(one -> assertThat(one).hasSize(32));
  }

  @Test
  void anArbiterThatTakesOverGoesOnWithThemAndWithTheirTime() {
    secrets.rotate(START + PERIOD);
    TicketSecrets heir = new TicketSecrets(new SecureRandom(), START + PERIOD + 1);
    heir.adopt(secrets.leave());

    assertThat(heir.message()).isEqualTo(secrets.message());
    assertThat(heir.rotate(START + 2 * PERIOD - 1)).isFalse();
    assertThat(heir.rotate(START + 2 * PERIOD)).isTrue();
  }

  @Test
  void whatAnotherVersionLeavesIsUsedOnlyIfItIsUnderstood() {
    Message.Keys own = secrets.message();
    secrets.adopt(new Heritage.Tickets(List.of("00".repeat(32), "11".repeat(32)), START));
    secrets.adopt(new Heritage.Tickets(List.of("00", "11", "22"), START));
    secrets.adopt(new Heritage.Tickets(List.of("zz".repeat(32), "", ""), START));
    assertThat(secrets.message()).isEqualTo(own);
  }

  @Test
  void theyAreNotPrintedByMistake() {
    Heritage.Tickets left = secrets.leave();
    left.secrets().forEach(secret -> assertThat(left.toString()).doesNotContain(secret));
  }
}
