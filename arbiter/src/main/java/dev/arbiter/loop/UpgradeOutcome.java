package dev.arbiter.loop;

import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Action.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the upgrade that this arbiter began with, for those who asked the arbiter before
 * for it and have come again. On the loop's thread.
 */
final class UpgradeOutcome implements ArbiterLoop.Answer {
  private final List<ArbiterLoop.Answer> waiting = new ArrayList<>();
  private boolean expected;
  private Action.@Nullable Reply reply;

  /** This arbiter has taken another's place. */
  void expect() {
    expected = true;
  }

  /** Tells it to {@code answer}, when it is known. */
  void tell(ArbiterLoop.Answer answer) {
    Action.Reply known = reply;
    if (known != null) {
      answer.replied(known);
    } else if (expected) {
      answer.accepted();
      waiting.add(answer);
    } else {
      answer.replied(
          new Action.Reply(0, Verdict.REFUSED, "this arbiter has taken no other's place"));
    }
  }

  @Override
  public void accepted() {
    // The decisions have it from the first event on.
  }

  @Override
  public void replied(Action.Reply outcome) {
    Action.Reply known =
        outcome.verdict() == Verdict.DONE
            ? outcome
            : new Action.Reply(
                outcome.ticket(),
                outcome.verdict(),
                "the arbiter was replaced, and then its reload: " + outcome.text());
    reply = known;
    waiting.forEach(answer -> answer.replied(known));
    waiting.clear();
  }
}
