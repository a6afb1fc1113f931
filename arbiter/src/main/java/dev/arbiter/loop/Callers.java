package dev.arbiter.loop;

import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.ExitStatus;
import dev.arbiter.wire.Message;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * Who has asked for something and waits to hear what became of it, by ticket. Tickets are taken on
 * any thread; whoever waits is told on the loop's.
 */
final class Callers {
  private final Map<Long, ArbiterLoop.Answer> waiting = new ConcurrentHashMap<>();
  private final AtomicLong lastTicket = new AtomicLong();
  private final IntFunction<String> wordsOf;
  private String lastWords = "";

  /**
   * @param wordsOf the last words of a worker
   */
  Callers(IntFunction<String> wordsOf) {
    this.wordsOf = wordsOf;
  }

  /** A ticket under which this one is told. */
  long add(ArbiterLoop.Answer answer) {
    long ticket = lastTicket.incrementAndGet();
    waiting.put(ticket, answer);
    return ticket;
  }

  /** It is never told: what it asked for was not taken. */
  void remove(long ticket) {
    waiting.remove(ticket);
  }

  /**
   * This event is next. Keeps what a worker whose failure it tells said last, for whoever is
   * answered because of it: later the worker is forgotten.
   */
  void next(Event event) {
    lastWords = waiting.isEmpty() ? "" : words(event);
  }

  private String words(Event event) {
    return switch (event) {
      case Event.Said(int worker, Message.Failed _) -> wordsOf.apply(worker);
      case Event.Exited(int worker, ExitStatus _) -> wordsOf.apply(worker);
      default -> "";
    };
  }

  /** The decisions have taken this event up. */
  void taken(Event event) {
    if (event instanceof Event.Asked asked) {
      ArbiterLoop.Answer answer = waiting.get(asked.ticket());
      if (answer != null) {
        answer.accepted();
      }
    }
  }

  /** It goes on in another arbiter, unless a reply follows. */
  void proceed(long ticket, String text) {
    ArbiterLoop.Answer answer = waiting.get(ticket);
    if (answer != null) {
      answer.proceeds(text);
    }
  }

  /** What became of it. */
  void reply(Action.Reply reply) {
    ArbiterLoop.Answer answer = waiting.remove(reply.ticket());
    if (answer != null) {
      boolean tell = reply.verdict() == Action.Verdict.FAILED && !lastWords.isEmpty();
      answer.replied(
          tell
              ? new Action.Reply(reply.ticket(), reply.verdict(), reply.text() + "\n" + lastWords)
              : reply);
    }
  }
}
