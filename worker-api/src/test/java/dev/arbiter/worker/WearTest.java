package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.worker.Wear.Reading;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WearTest {
  private static final long MB = 1 << 20;

  private static Wear wear(String... settings) {
    Map<String, String> map = new java.util.HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      map.put(settings[i], settings[i + 1]);
    }
    return new Wear(new WorkerSettings(map), new Random(1));
  }

  private static String bytes(long megabytes) {
    return Long.toString(megabytes * MB);
  }

  private static Reading aged(int seconds) {
    return new Reading(Duration.ofSeconds(seconds), 200 * MB, 0, 64 * MB, 30 * MB, 2 * MB);
  }

  private static Reading heap(long afterGc) {
    return new Reading(Duration.ofSeconds(9), 200 * MB, afterGc * MB, 100 * MB, 30 * MB, 2 * MB);
  }

  @Test
  void nothingWearsAWorkerOutByDefault() {
    assertThat(
            wear().reason(new Reading(Duration.ofDays(999), 1L << 50, 99, 100, 1 << 30, 1 << 30)))
        .isEmpty();
  }

  @Test
  void lifetimeEndsOnTheSecond() {
    Wear wear = wear("max-lifetime", "60000");
    assertThat(wear.reason(aged(59))).isEmpty();
    assertThat(wear.reason(aged(60))).contains("has served for 60 s (max-lifetime 60 s)");
  }

  @Test
  void jitterLengthensEachLifetimeByAnotherTime() {
    Map<String, String> settings = Map.of("max-lifetime", "60000", "max-lifetime-jitter", "30000");
    Set<Integer> ends = new HashSet<>();
    for (int worker = 0; worker < 20; worker++) {
      Wear wear = new Wear(new WorkerSettings(settings), new Random(worker));
      int end = 0;
      while (wear.reason(aged(end)).isEmpty()) {
        end++;
      }
      assertThat(end).isBetween(60, 90);
      ends.add(end);
    }
    assertThat(ends).hasSizeGreaterThan(5);
  }

  @Test
  void eachLimitOfMemoryNamesItsFigureAndItsSetting() {
    assertThat(wear("max-rss", bytes(200)).reason(aged(1))).isEmpty();
    assertThat(wear("max-rss", bytes(199)).reason(aged(1)))
        .contains("its resident memory is 200 MB (max-rss 199 MB)");
    assertThat(wear("max-metaspace", bytes(20)).reason(aged(1)))
        .contains("its metaspace is 30 MB (max-metaspace 20 MB)");
    assertThat(wear("max-direct", bytes(1)).reason(aged(1)))
        .contains("its direct memory is 2.0 MB (max-direct 1.0 MB)");
  }

  @Test
  void aFullHeapCountsOnlyAfterACollection() {
    Wear wear = wear("max-heap-after-gc", "80");
    assertThat(wear.reason(heap(0))).isEmpty();
    assertThat(wear.reason(heap(80))).isEmpty();
    assertThat(wear.reason(heap(85)))
        .contains(
            "its heap is 85% full after a collection, 85 MB of 100 MB (max-heap-after-gc 80%)");
  }

  @Test
  void aLeakIsCalledGrowing() {
    Wear wear = wear("max-heap-after-gc", "80");
    for (long used : new long[] {20, 40, 40, 55, 70}) { // a beat without a collection between
      assertThat(wear.reason(heap(used))).isEmpty();
    }
    assertThat(wear.reason(heap(90)).orElseThrow())
        .endsWith("growing steadily over the last 4 collections: 40% 55% 70% 90%");
  }

  @Test
  void aHeapThatGoesUpAndDownIsNotCalledGrowing() {
    Wear wear = wear("max-heap-after-gc", "80");
    for (long used : new long[] {20, 60, 40, 70}) {
      assertThat(wear.reason(heap(used))).isEmpty();
    }
    assertThat(wear.reason(heap(90)).orElseThrow()).doesNotContain("growing");
  }
}
