package dev.arbiter.worker;

import dev.arbiter.wire.Message;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers the arbiter's probes, on a thread that an app may hold up. One at a time: an app that
 * hangs gets no second thread to hang, and the next probe is told so. Called on the control thread.
 */
final class Prober {
  private final Worker worker;
  private final Consumer<Message.FromWorker> answer;
  private @Nullable Thread running;
  private long since;

  Prober(Worker worker, Consumer<Message.FromWorker> answer) {
    this.worker = worker;
    this.answer = answer;
  }

  void probe(Message.Probe probe) {
    Thread before = running;
    if (before != null && before.isAlive()) {
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since);
      String why = "an earlier probe has been waiting for the app for " + millis + " ms";
      answer.accept(new Message.Probed(probe.id(), 0, 0, why));
      return;
    }
    since = System.nanoTime();
    long began = since;
    running = Thread.ofPlatform().daemon().name("arbiter-probe").start(() -> ask(probe, began));
  }

  // Whatever the app throws, errors included, is the answer.
  @SuppressWarnings("CatchingUnchecked")
  private void ask(Message.Probe probe, long began) {
    Health health;
    try {
      health = worker.probe(probe.path());
    } catch (Throwable thrown) {
      health = Health.none(thrown.toString());
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    answer.accept(new Message.Probed(probe.id(), health.status(), millis, health.detail()));
  }
}
