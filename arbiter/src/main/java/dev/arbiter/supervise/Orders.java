package dev.arbiter.supervise;

import dev.arbiter.supervise.Action.Level;
import dev.arbiter.supervise.Action.Verdict;
import java.util.ArrayList;
import java.util.List;

/** The actions one event leads to, in order. Filled during {@link Fleet#on}, taken at its end. */
final class Orders {
  private final List<Action> actions = new ArrayList<>();

  void add(Action action) {
    actions.add(action);
  }

  void debug(String text) {
    add(new Action.Log(Level.DEBUG, text));
  }

  void info(String text) {
    add(new Action.Log(Level.INFO, text));
  }

  void warning(String text) {
    add(new Action.Log(Level.WARNING, text));
  }

  void error(String text) {
    add(new Action.Log(Level.ERROR, text));
  }

  /** Answers whoever asked, if somebody waits for an answer. */
  void reply(long ticket, Verdict verdict, String text) {
    if (ticket != 0) {
      add(new Action.Reply(ticket, verdict, text));
    }
  }

  /** Answers all of them, once. */
  void reply(List<Long> tickets, Verdict verdict, String text) {
    tickets.forEach(ticket -> reply(ticket, verdict, text));
    tickets.clear();
  }

  List<Action> take() {
    List<Action> taken = List.copyOf(actions);
    actions.clear();
    return taken;
  }
}
