package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.wire.Message;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProberTest {
  private final LinkedBlockingQueue<Message.FromWorker> said = new LinkedBlockingQueue<>();

  /** A kind of which only the probe matters. */
  private abstract static class Kind implements Worker {
    @Override
    public void start(WorkerContext context) {}

    @Override
    public void serve(Connection connection) {}

    @Override
    public void drain(DrainOrder order) {}

    @Override
    public void stop() {}
  }

  private Message.Probed answer() throws InterruptedException {
    return (Message.Probed) said.poll(10, TimeUnit.SECONDS);
  }

  @Test
  void aKindWithoutAnAppIsWellAndHasNoPaths() throws Exception {
    Prober prober = new Prober(new Kind() {}, said::add);
    prober.probe(new Message.Probe(1, ""));
    Message.Probed well = answer();
    assertThat(well.id()).isEqualTo(1);
    assertThat(well.status()).isEqualTo(200);
    assertThat(well.detail()).isEmpty();
    prober = new Prober(new Kind() {}, said::add);
    prober.probe(new Message.Probe(2, "/health"));
    Message.Probed none = answer();
    assertThat(none.status()).isZero();
    assertThat(none.detail()).contains("no paths");
  }

  @Test
  void whatIsThrownIsTheAnswer() throws Exception {
    Kind broken =
        new Kind() {
          @Override
          public Health probe(String path) {
            throw new LinkageError("gone");
          }
        };
    new Prober(broken, said::add).probe(new Message.Probe(3, "/"));
    Message.Probed answer = answer();
    assertThat(answer.status()).isZero();
    assertThat(answer.detail()).contains("LinkageError", "gone");
  }

  @Test
  void aHangingAppHoldsUpNeitherTheCallerNorASecondThread() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Kind hanging =
        new Kind() {
          @Override
          public Health probe(String path) throws InterruptedException {
            asked.countDown();
            release.await();
            return Health.GOOD;
          }
        };
    Prober prober = new Prober(hanging, said::add);
    prober.probe(new Message.Probe(4, ""));
    asked.await();
    prober.probe(new Message.Probe(5, ""));
    Message.Probed refused = answer();
    assertThat(refused.id()).isEqualTo(5);
    assertThat(refused.detail()).contains("an earlier probe has been waiting");
    release.countDown();
    assertThat(answer().id()).isEqualTo(4);
  }
}
