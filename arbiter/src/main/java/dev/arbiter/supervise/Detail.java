package dev.arbiter.supervise;

import dev.arbiter.supervise.Event.Outcome;
import dev.arbiter.wire.Message;
import java.time.Duration;

/** What a {@link WorkerTable.Trigger} brings along; each uses what it needs. */
record Detail(String text, int code, Outcome outcome, ExitStatus status, Duration linger) {
  static final Detail NONE = of("");

  static Detail of(String text) {
    return failure(text, 0);
  }

  static Detail failure(String text, int code) {
    return new Detail(text, code, Outcome.NO_ANSWER, new ExitStatus.Code(0), Duration.ZERO);
  }

  /** In a worker's own words. */
  static Detail failed(WorkerHandle worker, Message.Failed failed) {
    String text = "%s failed while %s: %s".formatted(worker.who(), failed.phase(), failed.cause());
    return failure(
        failed.hint().isEmpty() ? text : text + ". Hint: " + failed.hint(), failed.exitCode());
  }

  static Detail order(String reason, Duration linger) {
    return new Detail(reason, 0, Outcome.NO_ANSWER, new ExitStatus.Code(0), linger);
  }

  static Detail exit(ExitStatus status) {
    return new Detail("", 0, Outcome.NO_ANSWER, status, Duration.ZERO);
  }

  static Detail evidence(Outcome outcome, String summary) {
    return new Detail(summary, 0, outcome, new ExitStatus.Code(0), Duration.ZERO);
  }
}
