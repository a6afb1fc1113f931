package dev.arbiter.loop;

import dev.arbiter.observe.ArbiterLog;
import dev.arbiter.release.Release;
import dev.arbiter.settings.Config;
import dev.arbiter.supervise.Event;
import dev.arbiter.supervise.Event.Request;
import dev.arbiter.supervise.Fleet;
import dev.arbiter.supervise.FleetState;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * HUP after nothing but certificates, keys or revocation lists were renewed: the workers that run
 * read them again, and no new ones are needed. On the loop's thread, but for the look at the disk.
 *
 * <p>Only HUP is answered so, and only where no change is under way. {@code arbiterctl reload}
 * makes a new generation in any case, and so does another HUP: one that comes before the look is
 * over, as files may have changed since, and one after it, for then nothing is new.
 */
final class Renewals {
  private static final Event HUP = Event.Asked.bySignal(Request.RELOAD);

  private final Fleet fleet;
  private final Map<Long, Release> releases;
  private final Lookout lookout;
  private final Elsewhere elsewhere;
  private final ArbiterLog log;
  private final Supplier<Optional<Config>> settings;
  private final Consumer<Input> inputs;
  private final Consumer<Event> events;
  private long hups;
  private boolean looking;

  /**
   * @param settings reads them again; empty if they are not right
   * @param inputs the loop's queue
   * @param events what the decisions are told next
   */
  Renewals(
      Fleet fleet,
      Map<Long, Release> releases,
      Lookout lookout,
      Elsewhere elsewhere,
      ArbiterLog log,
      Supplier<Optional<Config>> settings,
      Consumer<Input> inputs,
      Consumer<Event> events) {
    this.fleet = fleet;
    this.releases = releases;
    this.lookout = lookout;
    this.elsewhere = elsewhere;
    this.log = log;
    this.settings = settings;
    this.inputs = inputs;
    this.events = events;
  }

  /**
   * Whether it sees to this; else the decisions do.
   *
   * @param done run if workers have been told to read the files again
   */
  boolean takes(Event event, Runnable done) {
    if (!event.equals(HUP)) {
      return false;
    }
    hups++;
    @Nullable Release release = releases.get(fleet.generation());
    if (looking
        || fleet.state() != FleetState.STEADY
        || fleet.isDegraded() // new workers may be what it needs
        || fleet.slots() == 0 // HUP brings back those that WINCH has stopped
        || release == null
        || release.develops()
        || !release.config().has("certfile")) {
      return false;
    }
    looking = true;
    long hup = hups;
    long generation = release.generation();
    elsewhere.execute(() -> look(hup, generation, done));
    return true;
  }

  private void look(long hup, long generation, Runnable done) {
    List<Path> renewed = List.of();
    try {
      renewed = settings.get().map(now -> lookout.renewed(generation, now)).orElse(List.of());
    } finally {
      List<Path> found = renewed; // nothing, if it failed: then a reload is to say why
      inputs.accept(new Input.Do(() -> decide(hup, generation, found, done)));
    }
  }

  private void decide(long hup, long generation, List<Path> renewed, Runnable done) {
    looking = false;
    if (hup != hups) {
      return; // the one after it has been given to the decisions
    }
    if (renewed.isEmpty()
        || fleet.state() != FleetState.STEADY
        || fleet.generation() != generation) {
      events.accept(HUP);
      return;
    }
    log.info(
        "HUP: nothing is new but %s: workers read it again, and stay. HUP again, or arbiterctl reload, makes new ones"
            .formatted(renewed.stream().map(Path::toString).collect(Collectors.joining(", "))));
    events.accept(Event.Asked.bySignal(Request.REOPEN)); // whoever is configured reads its files
    done.run();
  }
}
