package dev.arbiter.control;

import dev.arbiter.control.Reply.Outcome;
import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.observe.Identity;
import dev.arbiter.observe.StatusReport;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Action;
import dev.arbiter.supervise.Event;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import jnr.unixsocket.Credentials;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;

/** The control socket: requests are {@link Request}s, answers {@link Reply} lines. */
final class ControlService implements Service {
  /** A request has a few dozen bytes. */
  private static final int LONGEST_REQUEST = 4096;

  private static final Map<String, Event.Request> ORDERS =
      Map.ofEntries(
          Map.entry("reload", Event.Request.RELOAD),
          Map.entry("upgrade", Event.Request.UPGRADE),
          Map.entry("rollback", Event.Request.ROLLBACK),
          Map.entry("scale", Event.Request.SCALE),
          Map.entry("recycle", Event.Request.RECYCLE),
          Map.entry("eject", Event.Request.EJECT),
          Map.entry("dump", Event.Request.DUMP),
          Map.entry("reopen", Event.Request.REOPEN),
          Map.entry("stop", Event.Request.STOP),
          Map.entry("stop-now", Event.Request.STOP_NOW));

  private final ArbiterLoop loop;
  private final Identity arbiter;
  private final Admission admission;
  private final Supplier<List<?>> incidents;

  /**
   * @param incidents lists what is kept, on any thread, and may take its time
   */
  ControlService(
      ArbiterLoop loop, Identity arbiter, Admission admission, Supplier<List<?>> incidents) {
    this.loop = loop;
    this.arbiter = arbiter;
    this.admission = admission;
    this.incidents = incidents;
  }

  @Override
  public Guest<?> welcome(int fd) throws IOException {
    UnixSocketChannel channel = UnixSocketChannel.fromFD(fd);
    Credentials peer = channel.getOption(UnixSocketOptions.SO_PEERCRED);
    boolean admitted = admission.admits(peer.getUid(), peer.getGid(), peer.getPid());
    return new Guest<>(
        channel,
        admitted
            ? ""
            : Reply.line(
                Outcome.DENIED,
                "user %d may not speak to this arbiter, which runs as user %d"
                    .formatted(peer.getUid(), admission.uid()),
                Map.of()));
  }

  @Override
  public int longestRequest() {
    return LONGEST_REQUEST;
  }

  @Override
  public boolean isWhole(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[i] == '\n') {
        return true;
      }
    }
    return false;
  }

  @Override
  public Duration patience() {
    return Duration.ZERO; // a reload takes as long as it takes
  }

  @Override
  public String complaint(String why) {
    return Reply.line(Outcome.ERROR, why, Map.of());
  }

  @Override
  public void answer(String text, Session session) {
    Request request;
    try {
      request = Request.read(text.substring(0, text.indexOf('\n')));
    } catch (IOException e) {
      session.send(complaint("the request is wrong: " + e.getMessage()));
      return;
    }
    boolean taken =
        switch (request.command()) {
          case "status" -> loop.look(view -> reply(session, () -> StatusReport.of(arbiter, view)));
          case "config" -> loop.look(view -> reply(session, () -> settings(view.config())));
          case "incidents" -> incidents(session);
          case Request.UPGRADED -> loop.askForUpgrade(new Outcomes(request, session, false));
          default -> order(request, session);
        };
    if (!taken) {
      session.send(complaint("the arbiter's loop is too far behind to be asked"));
    }
  }

  /** On a thread of its own: a disk may take its time. */
  private boolean incidents(Session session) {
    Thread.ofPlatform()
        .daemon()
        .name("arbiter-control-incidents")
        .start(
            () -> {
              List<?> found = incidents.get();
              reply(session, () -> Map.of("incidents", found));
            });
    return true;
  }

  private boolean order(Request request, Session session) {
    Event.Request order = ORDERS.get(request.command());
    if (order == null) {
      session.send(complaint("no command is called " + request.command()));
      return true;
    }
    boolean stop = order == Event.Request.STOP || order == Event.Request.STOP_NOW;
    return loop.ask(order, request.number(), new Outcomes(request, session, stop));
  }

  /**
   * Answers with what becomes of a request.
   *
   * @param stop who has asked for one and waits for it is told by the end of the connection
   */
  private record Outcomes(Request request, Session session, boolean stop)
      implements ArbiterLoop.Answer {
    @Override
    public void accepted() {
      if (stop || !request.awaits()) {
        answer(Outcome.ACCEPTED, "");
      }
    }

    /**
     * Who waits is told the rest by the next arbiter: its client comes again when this one ends.
     */
    @Override
    public void proceeds(String text) {
      session.send(() -> Reply.line(Outcome.ACCEPTED, text, Map.of()), false);
    }

    @Override
    public void replied(Action.Reply reply) {
      Outcome outcome = Outcome.valueOf(reply.verdict().name());
      answer(stop && outcome == Outcome.DONE ? Outcome.ACCEPTED : outcome, reply.text());
    }

    private void answer(Outcome outcome, String text) {
      boolean more = stop && request.awaits() && outcome == Outcome.ACCEPTED;
      session.send(() -> Reply.line(outcome, text, Map.of()), !more);
    }
  }

  private static void reply(Session session, Supplier<Object> data) {
    session.send(() -> Reply.line(Outcome.DONE, "", data.get()), true);
  }

  private static Map<String, Object> settings(Optional<Config> config) {
    return Map.of("settings", config.map(Config::entries).orElse(List.of()));
  }
}
