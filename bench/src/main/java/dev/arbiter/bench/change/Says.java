package dev.arbiter.bench.change;

import java.util.regex.Pattern;

/** What the arbiter's log says, as far as the bench relies on it. */
final class Says {
  /** Group: the pid. */
  static final Pattern BOOTING = Pattern.compile("Booting worker \\d+ \\(pid (\\d+)\\)");

  /** Group: the pid. */
  static final Pattern SPARE_READY = Pattern.compile("Spare worker \\(pid (\\d+)\\) ready in");

  static final Pattern RECYCLED = Pattern.compile("Worker \\d+ \\(pid \\d+\\) left: recycle: ");

  /** Group: what the fleet does. */
  static final Pattern FLEET = Pattern.compile("Fleet ([A-Z_]+): ");

  /** Group: how many workers there are to be. */
  static final Pattern RESIZED = Pattern.compile("(?:TTIN|TTOU): (\\d+) workers?, not");

  static final Pattern RELOADED = Pattern.compile("Reloaded: generation \\d+ took over");
  static final Pattern ADOPTED = Pattern.compile("Upgraded: \\d+ workers? of generation");
  static final Pattern NO_UPGRADE = Pattern.compile("in-place upgrade is not in this release");

  /** Group: the pid. */
  static Pattern takesSlot(long pid) {
    return Pattern.compile("\\(pid (" + pid + ")\\) takes slot");
  }

  static Pattern reloadFailed(String why) {
    return Pattern.compile("Reload failed: .*" + why);
  }

  static Pattern upgradeFailed(String why) {
    return Pattern.compile("Upgrade failed, .*" + why);
  }

  private Says() {}
}
