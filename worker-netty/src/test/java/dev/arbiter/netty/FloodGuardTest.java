package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloodGuardTest {
  private final FloodGuard guard = new FloodGuard(0);

  private int idleFrames(int tick) {
    int count = 0;
    while (guard.idleFrame("PING", tick) == null) {
      count++;
    }
    return count;
  }

  private int resets(int tick) {
    int count = 0;
    while (guard.reset(tick) == null) {
      count++;
    }
    return count;
  }

  @Test
  void soManyFramesThatCarryNothingAreFree() {
    assertThat(idleFrames(0)).isEqualTo(FloodGuard.IDLE_FRAMES);
    assertThat(guard.idleFrame("PING", 0)).endsWith("the last PING");
  }

  @Test
  void timeBringsMore() {
    idleFrames(0);
    assertThat(idleFrames(3)).isEqualTo(3 * FloodGuard.IDLE_FRAMES_PER_TICK);
    assertThat(idleFrames(100_000)).isEqualTo(FloodGuard.IDLE_FRAMES);
  }

  @Test
  void requestsAndBodiesBringMore() {
    idleFrames(0);
    guard.request();
    assertThat(idleFrames(0)).isEqualTo(FloodGuard.IDLE_FRAMES_PER_REQUEST);
    guard.body(FloodGuard.BYTES_PER_IDLE_FRAME - 1);
    assertThat(idleFrames(0)).isZero();
    guard.body(1);
    assertThat(idleFrames(0)).isEqualTo(1);
  }

  @Test
  void whatIsSentPaysForTheWindowsThatAreGivenBackHoweverSmallItIs() {
    idleFrames(0);
    guard.sent(1);
    assertThat(idleFrames(0)).isEqualTo(FloodGuard.IDLE_FRAMES_PER_WRITE);
    guard.sent(0);
    assertThat(idleFrames(0)).isZero();
  }

  @Test
  void onlyTimeBringsMoreResets() {
    assertThat(resets(0)).isEqualTo(FloodGuard.RESETS);
    guard.request();
    guard.body(1_000_000);
    assertThat(resets(0)).isZero();
    assertThat(resets(10 * FloodGuard.TICKS_PER_RESET)).isEqualTo(10);
    assertThat(resets(1_000_000)).isEqualTo(FloodGuard.RESETS);
  }
}
