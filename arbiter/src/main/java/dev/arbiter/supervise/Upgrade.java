package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Verdict;
import java.util.Set;

/**
 * The arbiter's own replacement, from the request to the exec. Goal: whatever fails before the exec
 * has changed nothing; what comes after is a reload like any other, under the new arbiter.
 */
final class Upgrade {
  private final Orders orders;
  private boolean underWay;
  private long ticket;

  Upgrade(Orders orders) {
    this.orders = orders;
  }

  boolean underWay() {
    return underWay;
  }

  void begin(String name, long asking, Set<Integer> wireVersions) {
    underWay = true;
    ticket = asking;
    orders.info(name + ": upgrade; trying the arbiter that is installed now");
    orders.add(new Action.DryRun(wireVersions));
  }

  /** The dry run has ended; whether the arbiter now becomes another. */
  boolean tried(boolean fine, String text) {
    if (!underWay) {
      orders.debug("A dry run came too late: " + text);
    } else if (fine) {
      orders.info("Upgrade: this arbiter becomes " + text);
      // Now or never: who asked through a connection loses it in the exec.
      if (ticket != 0) {
        orders.add(new Action.Proceed(ticket, "the dry run was fine; becoming " + text));
      }
      orders.add(new Action.Exec());
    } else {
      fail("dry run: " + text);
    }
    return underWay;
  }

  /** It did not work; everything is as it was. */
  void fail(String why) {
    if (underWay) {
      orders.error("Upgrade failed, this arbiter goes on as it was: " + why);
      reply(Verdict.FAILED, why);
      underWay = false;
    }
  }

  /** No upgrade after all. */
  void abandon(String why) {
    if (underWay) {
      orders.info("The upgrade is given up: " + why);
      reply(Verdict.FAILED, "given up: " + why);
      underWay = false;
    }
  }

  private void reply(Verdict verdict, String text) {
    if (ticket != 0) {
      orders.add(new Action.Reply(ticket, verdict, text));
      ticket = 0;
    }
  }
}
