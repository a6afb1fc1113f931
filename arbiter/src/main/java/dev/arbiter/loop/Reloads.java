package dev.arbiter.loop;

import dev.arbiter.supervise.Event.Request;
import java.util.function.BooleanSupplier;

/** What development asks of the loop. Any thread; never waits for the outcome. */
public interface Reloads {

  /** Files have changed, and a reload is to follow when the change is complete. */
  void changed();

  /**
   * Asks for something and wants to know what became of it.
   *
   * @param number a slot or a count, where the request is about one
   * @return false if the loop is too far behind to be asked for anything
   */
  boolean ask(Request request, int number, ArbiterLoop.Answer answer);

  /**
   * The reload is over without a new generation; what there is serves on.
   *
   * @param latest whether no file has changed since; asked on the loop's thread
   */
  void settleForWhatServes(BooleanSupplier latest);
}
