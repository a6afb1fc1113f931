package dev.arbiter.supervise;

import static java.util.Objects.requireNonNull;

import dev.arbiter.supervise.Action.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which generation is good, which is on trial, which is being resolved, and who waits to hear of
 * it. Goal: the newest release asked for wins; whatever fails on the way, the last good one is what
 * slots are filled with.
 *
 * <p>A release becomes the <em>candidate</em> when it is resolved. Its first workers are tried:
 * when they are ready and healthy, they serve beside the others for the time of its probation, if
 * it has one. What stands that becomes <em>good</em>, and takes over slot by slot. Any number of
 * requests during a resolution make one more resolution after it, and what was resolved meanwhile
 * is not tried.
 */
final class Rollout {

  /** How far the candidate has come. */
  enum Stage {
    /** There is none. */
    NONE,
    /** Its first workers boot. */
    TRIAL,
    /** They serve beside the others, and are compared with them. */
    PROBATION
  }

  private final Orders orders;
  private final Map<Long, Release> known = new TreeMap<>();
  private final List<Long> asking = new ArrayList<>();
  private final List<Long> resolvingFor = new ArrayList<>();
  private @Nullable Release good;
  private @Nullable Release previous;
  private @Nullable Release candidate;
  private @Nullable Release leavingAgain;
  private @Nullable Probation probation;
  private Stage stage = Stage.NONE;
  private OptionalLong resolving = OptionalLong.empty();
  private boolean asked;
  private boolean abandoned;
  private boolean back;
  private long last;
  private long probationEnds = WorkerHandle.NEVER;

  Rollout(Orders orders) {
    this.orders = orders;
  }

  /** The first release. There is nothing better, so it counts as good. */
  void begin(Release first) {
    known.put(first.generation, first);
    good = first;
    last = first.generation;
  }

  /** Goes on where another arbiter was. */
  void resume(List<Release> releases, Snapshot from) {
    for (Release release : releases) {
      known.put(release.generation, release);
      if (release.generation == from.generation()) {
        good = release;
      }
      if (release.generation == from.previousGeneration()) {
        previous = release;
      }
    }
    last = from.lastGeneration();
  }

  /** The generations that are not retired. */
  List<Release> known() {
    return List.copyOf(known.values());
  }

  /** The generation before the good one; 0 if there is none. */
  long previousGeneration() {
    return previous == null || !previous.lost.isEmpty() ? 0 : previous.generation;
  }

  /** The highest number given so far. */
  long last() {
    return last;
  }

  boolean begun() {
    return good != null;
  }

  Release good() {
    return requireNonNull(good, "Rollout.good before begin");
  }

  @Nullable Release candidate() {
    return candidate;
  }

  Stage stage() {
    return stage;
  }

  boolean isCandidate(Release release) {
    return candidate == release;
  }

  /** Whether the candidate is the release before the good one, which was good once. */
  boolean isBack() {
    return candidate != null && back;
  }

  boolean isOutdated(Release release) {
    return release != good && release != candidate;
  }

  /** How many workers of the candidate are tried. */
  int trialSize() {
    Release tried = requireNonNull(candidate, "Rollout.trialSize without a candidate");
    // With nobody beside those who serve there is room for one: more would be waited for for ever.
    boolean one = back || good().policy.change().maxSurge() == 0;
    return one ? 1 : Math.clamp(tried.policy.change().canaries(), 1, Math.max(1, tried.wanted));
  }

  // ---- a reload

  /** A reload is wanted; whether it is the first since the last one was begun. */
  boolean ask(long ticket) {
    boolean first = !asked;
    asked = true;
    if (ticket != 0) {
      asking.add(ticket);
    }
    return first;
  }

  /** The generation to resolve now: if one is wanted, and none is being resolved. */
  OptionalLong resolve() {
    if (!asked || resolving.isPresent()) {
      return OptionalLong.empty();
    }
    asked = false;
    abandoned = false;
    resolvingFor.addAll(asking);
    asking.clear();
    resolving = OptionalLong.of(++last);
    return resolving;
  }

  /** A release was resolved; whether it is now the candidate, in place of the one before. */
  boolean resolved(Release release) {
    known.put(release.generation, release);
    if (!isResolving(release.generation)) {
      return false;
    }
    resolving = OptionalLong.empty();
    boolean expected = !asked && !abandoned;
    if (expected) {
      release.tickets.addAll(resolvingFor);
      tryOut(release);
    } else {
      asking.addAll(resolvingFor); // the later one is newer: it answers both
    }
    resolvingFor.clear();
    return expected;
  }

  /** It could not be resolved; whether it had not been given up anyway. */
  boolean refused(long generation, String why) {
    if (!isResolving(generation)) {
      return false;
    }
    resolving = OptionalLong.empty();
    orders.reply(resolvingFor, Verdict.FAILED, why);
    return !abandoned;
  }

  private void tryOut(Release release) {
    Release before = candidate;
    if (before != null) {
      drop(before, "superseded");
      orders.reply(
          before.tickets,
          Verdict.SUPERSEDED,
          "generation %d took the place of %d".formatted(release.generation, before.generation));
    }
    candidate = release;
    release.dropped = "";
    back = release == previous;
    stage = Stage.TRIAL;
  }

  private void drop(Release release, String why) {
    if (stage == Stage.PROBATION) {
      leavingAgain = release;
    }
    release.dropped = why;
    candidate = null;
    stage = Stage.NONE;
    probation = null;
    probationEnds = WorkerHandle.NEVER;
  }

  // ---- its trial

  /** Whether the candidate is to be compared with those that serve before it is trusted. */
  boolean hasProbation() {
    return candidate != null && !back && !candidate.policy.change().probation().isZero();
  }

  /** All of the candidate's first workers serve: from now on they are watched. */
  void watch(long now) {
    Release tried = requireNonNull(candidate, "Rollout.watch without a candidate");
    stage = Stage.PROBATION;
    probation = new Probation();
    probationEnds = now + tried.policy.change().probation().toNanos();
  }

  /** When the probation ends. */
  long probationEnds() {
    return probationEnds;
  }

  @Nullable Probation probation() {
    return probation;
  }

  /** The candidate is good. */
  void proven(String remark) {
    Release proven = requireNonNull(candidate, "Rollout.proven without a candidate");
    Release before = good();
    orders.reply(
        before.tickets,
        Verdict.SUPERSEDED,
        "generation %d took the place of %d".formatted(proven.generation, before.generation));
    proven.remark = remark;
    previous = before;
    good = proven;
    candidate = null;
    stage = Stage.NONE;
    probation = null;
    probationEnds = WorkerHandle.NEVER;
  }

  /** The candidate is given up. */
  void failed(String why) {
    Release failed = requireNonNull(candidate, "Rollout.failed without a candidate");
    drop(failed, "its generation is given up");
    orders.reply(failed.tickets, Verdict.FAILED, why);
  }

  /** The good generation has taken over every slot. */
  void completed() {
    Release done = good();
    orders.reply(
        done.tickets,
        Verdict.DONE,
        "generation %d serves%s"
            .formatted(done.generation, done.remark.isEmpty() ? "" : "; " + done.remark));
  }

  // ---- back, and not at all

  /** Back to the release before; answers the ticket unless it takes a while. */
  void rollback(long ticket) {
    Release tried = candidate;
    Release before = previous;
    if (tried != null) {
      String text = "generation %d is taken back".formatted(tried.generation);
      failed(text + " on request");
      orders.reply(ticket, Verdict.DONE, text);
    } else if (asked || resolving.isPresent()) {
      abandon("it was taken back before it was tried");
      orders.reply(ticket, Verdict.DONE, "the reload is given up");
    } else if (before != null && !before.lost.isEmpty()) {
      String why =
          "generation %d cannot be gone back to: %s".formatted(before.generation, before.lost);
      orders.warning("Rollback: refused, " + why);
      orders.reply(ticket, Verdict.REFUSED, why);
    } else if (before != null) {
      if (ticket != 0) {
        before.tickets.add(ticket);
      }
      tryOut(before);
      orders.info(
          "Rollback: generation %d is to take over from %d again"
              .formatted(before.generation, good().generation));
    } else {
      orders.reply(ticket, Verdict.REFUSED, "there is no release before this one");
    }
  }

  /** No worker can be booted from a generation as it was. */
  void lost(long generation, String why) {
    for (Release release : new Release[] {good(), previous}) {
      if (release != null && release.generation == generation) {
        release.lost = why;
      }
    }
  }

  /** No reload after all. */
  void abandon(String why) {
    List<Long> waiting = new ArrayList<>(asking);
    waiting.addAll(resolvingFor);
    Release tried = candidate;
    if (tried != null) {
      waiting.addAll(tried.tickets);
      tried.tickets.clear();
      drop(tried, "the reload is given up");
    }
    waiting.addAll(good == null ? List.of() : good.tickets);
    if (good != null) {
      good.tickets.clear();
    }
    orders.reply(waiting, Verdict.FAILED, "the reload is given up: " + why);
    if (resolving.isPresent() && !abandoned) {
      orders.info(
          "Reload: preparing generation %d is cut short, %s".formatted(resolving.getAsLong(), why));
    }
    asking.clear();
    resolvingFor.clear();
    asked = false;
    abandoned = true;
  }

  /** Whether a release is wanted, being resolved or on trial. */
  boolean busy() {
    return asked || resolving.isPresent() || candidate != null;
  }

  /** Whether a release that was judged bad still has workers. */
  boolean isRollingBack(Predicate<Release> inUse) {
    Release leaving = leavingAgain;
    if (leaving != null && !inUse.test(leaving)) {
      leavingAgain = null;
    }
    return leavingAgain != null;
  }

  /** The count of workers that each release wants changes. */
  void scale(int by) {
    for (Release release : known.values()) {
      release.want(release.wanted + by);
    }
  }

  /** Each release wants so many workers, whichever of them comes to serve. */
  void scaleTo(int wanted) {
    for (Release release : known.values()) {
      release.want(wanted);
    }
  }

  /** Generations that nobody needs any more, told once. */
  List<Long> retire(Predicate<Release> inUse) {
    List<Long> retired = new ArrayList<>();
    known
        .values()
        .removeIf(
            release -> {
              boolean over = isOutdated(release) && release != previous && !inUse.test(release);
              if (over) {
                retired.add(release.generation);
              }
              return over;
            });
    return retired;
  }

  /** All generations, at the very end. */
  List<Long> retireAll() {
    List<Long> all = List.copyOf(known.keySet());
    known.clear();
    return all;
  }

  private boolean isResolving(long generation) {
    return resolving.isPresent() && resolving.getAsLong() == generation;
  }
}
