package dev.arbiter.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.Machine;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
  private static final long MEGABYTE = 1L << 20;
  private static final long GIGABYTE = 1L << 30;

  /** A fleet in a container, with one worker more at a change. */
  private static Budget container(String memory, int cores, int workers, String... options) {
    Machine machine = new Machine(cores, bytes(memory), true);
    return Budget.divide(new Budget.Demand(machine, 0, workers, 0, 1, 0, 0, List.of(options)));
  }

  private static long bytes(String size) {
    long number = Long.parseLong(size.substring(0, size.length() - 1));
    return size.endsWith("G") ? number * GIGABYTE : number * MEGABYTE;
  }

  @ParameterizedTest
  @CsvSource({
    "256M, 1, 18", // little, but it serves
    "512M, 1, 103",
    "512M, 2, 60",
    "1G, 1, 250",
    "1G, 4, 87",
    "2G, 4, 205",
    "4G, 4, 442",
    "16G, 4, 2480",
    "16G, 16, 533",
    "64G, 1, 16384", // a quarter
  })
  void theHeapIsWhatIsLeftOfAShare(String memory, int workers, long heap) {
    Budget budget = container(memory, 4, workers);
    assertThat(budget.heap() / MEGABYTE).as(budget.line()).isEqualTo(heap);
  }

  @ParameterizedTest
  @ValueSource(strings = {"256M", "512M", "1G", "2G", "8G", "64G", "512G"})
  void whateverFitsIsLessThanThereIs(String memory) {
    for (int workers : new int[] {1, 2, 4, 16, 64}) {
      Budget budget = container(memory, 8, workers);
      long all = bytes(memory) / 64 + 80 * MEGABYTE + (workers + 1) * budget.needed();
      assertThat(all <= bytes(memory)).as(budget.line()).isEqualTo(budget.refusal().isEmpty());
    }
  }

  @ParameterizedTest
  @CsvSource({"256M, 2, 1", "512M, 16, 4", "1G, 64, 10", "200M, 1, 0"})
  void whatDoesNotFitIsRefusedWithTheSumAndWhatWould(String memory, int workers, int most) {
    Budget budget = container(memory, 8, workers);
    assertThat(budget.refusal()).isPresent();
    assertThat(budget.refusal().get())
        .contains("not fit into " + memory.replace("1G", "1024M") + " (the cgroup's limit)")
        .contains("1 more at a change")
        .contains("heap 16M")
        .contains("the arbiter's 80M");
    assertThat(budget.most()).isEqualTo(most);
    if (most > 0) {
      assertThat(budget.hint()).startsWith("-w " + most + " fits; ");
      assertThat(container(memory, 8, most).refusal()).isEmpty();
    }
  }

  @Test
  void theSumIsShownAndRight() {
    assertThat(container("1G", 1, 2, "-Xmx400m").refusal())
        .contains(
            "2 workers do not fit into 1024M (the cgroup's limit): 2 workers and 1 more at a change"
                + " of 475M at least (heap 400M, metaspace 16M, code cache 8M, direct 4M,"
                + " stacks 3M, the JVM itself 44M), the arbiter's 80M and 16M left to the system"
                + " make 1521M");
  }

  /** What a fleet may be scaled to is what its memory was divided for. */
  @ParameterizedTest
  @CsvSource({"256M, 1", "512M, 2", "1G, 4", "4G, 8", "16G, 16"})
  void aDividedMemoryHasRoomForNoMoreWorkers(String memory, int workers) {
    assertThat(container(memory, 8, workers).most()).isEqualTo(workers);
  }

  @Test
  void smallWorkersInMuchMemoryMayBecomeMoreAndTheSumSaysHowMany() {
    Budget budget = container("16G", 4, 2, "-Xmx400m");
    assertThat(budget.most()).isEqualTo(13);
    assertThat(budget.room())
        .isEqualTo(
            "at most 13 do: 13 workers and 1 more at a change of up to 1087M (heap 400M, metaspace"
                + " 256M, code cache 128M, direct 256M, stacks 3M, the JVM itself 44M), the"
                + " arbiter's 80M and 256M left to the system make 15G of 16G (the cgroup's limit)");
    assertThat(budget.isLimited()).isTrue();
  }

  @Test
  void aMachineAloneIsNoLimit() {
    Machine machine = new Machine(4, GIGABYTE);
    Budget budget = Budget.divide(new Budget.Demand(machine, 0, 1, 0, 0, 0, 0, List.of()));
    assertThat(budget.isLimited()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"2,4,1", "8,4,2", "8,3,2", "1,1,1", "16,1,16"})
  void coresAreDivided(int cores, int workers, int share) {
    assertThat(container("16G", cores, workers).processors()).isEqualTo(share);
  }

  @Test
  void sparesAndSurgeHaveTheirShare() {
    Machine machine = new Machine(8, 8 * GIGABYTE, true);
    Budget none = Budget.divide(new Budget.Demand(machine, 0, 4, 0, 0, 0, 0, List.of()));
    Budget both = Budget.divide(new Budget.Demand(machine, 0, 4, 2, 2, 0, 0, List.of()));
    assertThat(both.share()).isEqualTo(none.share() / 2);
  }

  @Test
  void memoryThatIsGivenIsUsedWhole() {
    Machine machine = new Machine(8, 64 * GIGABYTE);
    Budget budget = Budget.divide(new Budget.Demand(machine, GIGABYTE, 1, 0, 0, 0, 0, List.of()));
    assertThat(budget.share()).isEqualTo(GIGABYTE - 80 * MEGABYTE);
    assertThat(budget.line()).contains("1024M (--memory)");
  }

  @Test
  void aHeapThatIsAskedForIsGivenAndTheRestDivided() {
    Machine machine = new Machine(8, 4 * GIGABYTE, true);
    Budget budget =
        Budget.divide(new Budget.Demand(machine, 0, 4, 0, 1, 0, 96 * MEGABYTE, List.of()));
    assertThat(budget.heap()).isEqualTo(96 * MEGABYTE);
    assertThat(budget.metaspace()).isGreaterThan(container("4G", 8, 4).metaspace());
    assertThat(budget.options()).contains("-Xmx98304k");
  }

  @Test
  void manyThreadsTakeFromTheHeap() {
    Machine machine = new Machine(2, 2 * GIGABYTE, true);
    Budget few = Budget.divide(new Budget.Demand(machine, 0, 2, 0, 1, 2, 0, List.of()));
    Budget many = Budget.divide(new Budget.Demand(machine, 0, 2, 0, 1, 402, 0, List.of()));
    assertThat(many.stacks() - few.stacks()).isEqualTo(50 * MEGABYTE);
    assertThat(many.heap()).isLessThan(few.heap());
  }

  @ParameterizedTest
  @CsvSource({
    "-Xmx64m, 64, -Xmx",
    "-XX:MaxHeapSize=64m, 64, -Xmx",
    "-XX:MaxRAMPercentage=10, 409, -Xmx",
    "-Xmx1g -Xmx64m, 64, -Xmx",
  })
  void theUsersHeapWinsAndIsNotSetAgain(String options, long heap, String flag) {
    Budget budget = container("4G", 4, 2, options.split(" "));
    assertThat(budget.heap() / MEGABYTE).isEqualTo(heap);
    assertThat(budget.options()).noneMatch(option -> option.startsWith(flag));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-XX:MaxMetaspaceSize=600m",
        "-XX:ReservedCodeCacheSize=600m",
        "-XX:MaxDirectMemorySize=600m",
      })
  void whatTheUserSetsIsSubtractedAndNotSetAgain(String option) {
    Budget budget = container("4G", 4, 2, option);
    String name = option.substring(0, option.indexOf('='));
    assertThat(budget.options()).noneMatch(ours -> ours.startsWith(name));
    assertThat(budget.heap()).isLessThan(container("4G", 4, 2).heap());
    assertThat(budget.refusal()).isEmpty();
  }

  @Test
  void aHeapBeginsNoLargerThanItMayBecome() {
    assertThat(container("1G", 1, 2, "-Xms200m").heap()).isEqualTo(200 * MEGABYTE);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 16G, -XX:+UseSerialGC",
    "4, 16G, -XX:+UseG1GC",
    "4, 2G, -XX:+UseSerialGC",
  })
  void theCollectorFitsWhatItHas(int cores, String memory, String collector) {
    assertThat(container(memory, cores, 1).options()).contains(collector);
  }

  @Test
  void threadsOfCollectorAndCompilerAreDividedWhereThereAreAny() {
    assertThat(container("64G", 32, 2).options())
        .contains(
            "-XX:ActiveProcessorCount=16",
            "-XX:CICompilerCount=12",
            "-XX:ParallelGCThreads=16",
            "-XX:ConcGCThreads=4");
    assertThat(container("1G", 1, 1).options())
        .contains("-XX:CICompilerCount=2")
        .noneMatch(option -> option.contains("GCThreads"));
    assertThat(container("1G", 4, 1, "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=1").options())
        .contains("-XX:ParallelGCThreads=4")
        .noneMatch(option -> option.contains("ConcGC") || option.contains("CICompiler"));
    assertThat(container("4G", 8, 2, "-XX:ActiveProcessorCount=1").processors()).isEqualTo(1);
  }

  @Test
  void aCollectorOfTheUsersReplacesOurs() {
    assertThat(container("4G", 1, 1, "-XX:+UseZGC").options())
        .noneMatch(option -> option.contains("SerialGC"))
        .contains("-XX:ConcGCThreads=1");
  }

  @Test
  void littleMemoryIsSaid() {
    assertThat(container("256M", 1, 1).isTight()).isTrue();
    assertThat(container("512M", 1, 1).isTight()).isFalse();
  }
}
