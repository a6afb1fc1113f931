package dev.arbiter.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import dev.arbiter.wire.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Who is told to accept, or no longer, when files change: workers are named for generations. */
class FreshnessTest {
  private static final Message.ToWorker ACCEPT = new Message.Accept();

  private final List<WorkerView> workers = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private final Freshness freshness =
      new Freshness(
          () -> workers,
          OptionalLong::of,
          (worker, message) -> told.add(worker + " " + message.getClass().getSimpleName()));

  @Test
  void whatServesIsOutOfDateWithTheFirstChange() {
    serves(1);
    freshness.changed();
    assertThat(told).containsExactly("1 Eject");
    assertThat(freshness.withholds(1, ACCEPT)).as("a late word of the decisions").isTrue();
    assertThat(freshness.withholds(1, new Message.Eject())).isFalse();
  }

  @Test
  void aGenerationOfTheFilesAsTheyAreMayServe() {
    serves(1);
    freshness.changed();
    freshness.resolving(2);
    assertThat(freshness.withholds(2, ACCEPT)).isFalse();

    freshness.changed(); // while it boots
    assertThat(freshness.withholds(2, ACCEPT)).isTrue();
  }

  @Test
  void whereNothingNewerCanBeHadWhatIsThereServesOn() {
    serves(1);
    freshness.changed();
    told.clear();
    freshness.settle();
    assertThat(told).containsExactly("1 Accept");
    assertThat(freshness.withholds(1, ACCEPT)).isFalse();
  }

  @Test
  void aGenerationThatIsGoneBackToMayServe() {
    serves(2);
    freshness.resolving(1);
    freshness.changed();
    freshness.resolving(2);
    freshness.resolving(1); // a rollback: somebody wants it although files are newer
    assertThat(freshness.withholds(1, ACCEPT)).isFalse();
  }

  @Test
  void whatIsForgottenIsAsOldAsCanBe() {
    freshness.changed();
    freshness.resolving(1);
    freshness.forget(1);
    assertThat(freshness.withholds(1, ACCEPT)).isTrue();
  }

  private void serves(int generation) {
    workers.add(
        new WorkerView(
            generation,
            0,
            false,
            100L + generation,
            generation,
            WorkerState.SERVING,
            0,
            "",
            Optional.empty()));
  }
}
