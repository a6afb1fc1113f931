package dev.arbiter.settings;

import dev.arbiter.settings.Setting.Many;
import dev.arbiter.settings.Setting.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The words the table is written in: {@code duration("keep-alive", "5s", help,
 * flag("--timeout-keep-alive"))}. A draft lives while its row is read.
 */
final class Draft {

  /** Something a row says besides name, default and help. */
  interface Trait {
    void of(Draft draft);
  }

  static final Duration NONE = Duration.ZERO;
  static final Duration YEAR = Duration.ofDays(365);
  static final String A_YEAR = "longer than a year is taken for a mistake; 0 switches it off";

  /** For a later release. */
  static final Trait LATER = draft -> draft.status = Status.LATER;

  /** Read once, when the arbiter starts: a reload leaves it as it is. */
  static final Trait AT_START = draft -> draft.onReload = false;

  /** Only in the file, never a flag. */
  static final Trait NO_FLAG = draft -> draft.longFlag = false;

  /** A list; each flag adds one. */
  static final Trait REPEATED = draft -> draft.many = Many.REPEATED;

  /** A list with colons. */
  static final Trait PATHS = draft -> draft.many = Many.PATHS;

  /** A list with blanks. */
  static final Trait WORDS = draft -> draft.many = Many.WORDS;

  private final String name;
  private final Type type;
  private final String fallback;
  private final String help;
  private final List<String> shortFlags = new ArrayList<>();
  private final List<String> longFlags = new ArrayList<>();
  private final List<String> keys = new ArrayList<>();
  private final List<String> fine = new ArrayList<>();
  private final List<String> notYet = new ArrayList<>();
  private final Map<String, String> foreign = new LinkedHashMap<>();
  private Many many = Many.ONE;
  private Status status = Status.HERE;
  private boolean onReload = true;
  private boolean longFlag = true;
  private String bare = "";
  private String reason = "";

  private Draft(String name, Type type, String fallback, String help, Trait... traits) {
    this.name = name;
    this.type = type;
    this.fallback = fallback;
    this.help = help;
    for (Trait trait : traits) {
      trait.of(this);
    }
  }

  /** The finished rows of one group. */
  static List<Setting> group(Group group, Draft... drafts) {
    return List.of(drafts).stream().map(draft -> draft.in(group)).toList();
  }

  private Setting in(Group group) {
    List<String> flags = new ArrayList<>(shortFlags);
    if (longFlag) {
      flags.add("--" + name);
    }
    flags.addAll(longFlags);
    return new Setting(
        name,
        List.copyOf(flags),
        List.copyOf(keys),
        type,
        many,
        fallback,
        group,
        status,
        onReload,
        help,
        List.copyOf(fine),
        List.copyOf(notYet),
        Map.copyOf(foreign),
        bare,
        reason);
  }

  static Draft text(String name, String placeholder, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.Text(placeholder), fallback, help, more);
  }

  static Draft secret(String name, String placeholder, String help, Trait... more) {
    return new Draft(name, new Type.Secret(placeholder), "", help, more);
  }

  static Draft path(String name, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.FilePath("PATH"), fallback, help, more);
  }

  static Draft onOff(String name, boolean fallback, String help, Trait... more) {
    return new Draft(name, new Type.Switch(), Boolean.toString(fallback), help, more);
  }

  /** A switch that is neither on nor off until set. */
  static Draft onOff(String name, String help, Trait... more) {
    return new Draft(name, new Type.Switch(), "", help, more);
  }

  /** Where syslog listens. */
  static Draft syslog(String name, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.SyslogPlace(), fallback, help, more);
  }

  static Draft whole(
      String name, long min, long max, String fallback, String why, String help, Trait... more) {
    return new Draft(name, new Type.Whole(min, max, why, ""), fallback, help, more);
  }

  /** A whole number, or {@code auto}. */
  static Draft wholeOrAuto(
      String name, long min, long max, String fallback, String why, String help, Trait... more) {
    return new Draft(name, new Type.Whole(min, max, why, "auto"), fallback, help, more);
  }

  /** A duration that 0 switches off. */
  static Draft duration(String name, String fallback, String help, Trait... more) {
    return duration(name, NONE, YEAR, A_YEAR, fallback, help, more);
  }

  static Draft duration(
      String name,
      Duration min,
      Duration max,
      String why,
      String fallback,
      String help,
      Trait... more) {
    return new Draft(name, new Type.Span(min, max, why), fallback, help, more);
  }

  static Draft size(
      String name, long min, long max, String fallback, String why, String help, Trait... more) {
    return new Draft(name, new Type.Size(min, max, why), fallback, help, more);
  }

  static Draft choice(String name, String words, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.Choice(List.of(words.split("\\|"))), fallback, help, more);
  }

  static Draft canary(String name, String help, Trait... more) {
    return new Draft(name, new Type.Canary(), "", help, more);
  }

  static Draft mode(String name, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.Mode(), fallback, help, more);
  }

  static Draft address(String name, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.Bind(), fallback, help, more);
  }

  /** IP addresses and networks. */
  static Draft addresses(String name, String fallback, String help, Trait... more) {
    return new Draft(name, new Type.Addresses(), fallback, help, more);
  }

  /** A header field. */
  static Draft field(String name, String help, Trait... more) {
    return new Draft(name, new Type.Field(), "", help, more);
  }

  static Draft mounts(String name, String help) {
    Draft draft = new Draft(name, new Type.Mount(), "", help);
    draft.many = Many.REPEATED;
    return draft;
  }

  static Draft pairs(String name, String help, Trait... more) {
    Draft draft = new Draft(name, new Type.Pair(), "", help, more);
    draft.many = Many.REPEATED;
    return draft;
  }

  /** More flags: short ones, or second names. */
  static Trait flag(String... flags) {
    return draft -> {
      for (String flag : flags) {
        // -cp is short although it has two letters.
        (flag.startsWith("--") ? draft.longFlags : draft.shortFlags).add(flag);
      }
    };
  }

  /** More names for the file and the environment. */
  static Trait key(String... keys) {
    return draft -> draft.keys.addAll(List.of(keys));
  }

  static Trait fine(String... values) {
    return draft -> draft.fine.addAll(List.of(values));
  }

  static Trait notYet(String... values) {
    return draft -> draft.notYet.addAll(List.of(values));
  }

  /** {@code values} of other servers mean {@code here}. */
  static Trait means(String here, String... values) {
    return draft -> {
      for (String value : values) {
        draft.foreign.put(value, here);
      }
    };
  }

  /** What the flag without a value means. */
  static Trait bare(String value) {
    return draft -> draft.bare = value;
  }

  /** Without effect on a JVM, and why. */
  static Trait nothing(String reason) {
    return draft -> {
      draft.status = Status.NOTHING;
      draft.reason = reason;
    };
  }
}
