package dev.arbiter.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One row of the table: all there is to know about a setting.
 *
 * @param name its one name, as {@link Config} and workers know it
 * @param flags on the command line, the long one of {@code name} among them; none: only in the file
 * @param keys more names for the file and the environment, besides those of the flags
 * @param fallback the default, as an operator would write it; empty if there is none
 * @param onReload whether a reload takes up a new value
 * @param help what it does; the default is added
 * @param fine for a later release: values that ask for nothing this one does not do
 * @param notYet values of a later release
 * @param foreign values of other servers, and what they mean here
 * @param bare what a flag without a value means; empty if it must have one
 * @param reason for a setting that does nothing: why
 */
public record Setting(
    String name,
    List<String> flags,
    List<String> keys,
    Type type,
    Many many,
    String fallback,
    Group group,
    Status status,
    boolean onReload,
    String help,
    List<String> fine,
    List<String> notYet,
    Map<String, String> foreign,
    String bare,
    String reason) {

  /** How many values a setting has, and how one text is taken apart. */
  public enum Many {
    /** One; the last one given counts. */
    ONE,
    /** A list; each flag adds one. */
    REPEATED,
    /** A list; a text holds several with colons between them. */
    PATHS,
    /** A list; a text holds several with blanks between them, quotes as in a shell. */
    WORDS
  }

  /** What this release makes of a setting. */
  public enum Status {
    /** It works. */
    HERE,
    /** A later release has it; refused unless the value asks for nothing. */
    LATER,
    /** Accepted, without effect: it makes no sense on a JVM. */
    NOTHING
  }

  /** Whether it is on or off, and its flag takes no value. */
  public boolean isSwitch() {
    return type instanceof Type.Switch;
  }

  /** Whether it holds a list. */
  public boolean isList() {
    return many != Many.ONE;
  }

  /** The names it has in the file; in the environment the same, in capitals. */
  public List<String> allKeys() {
    List<String> all = new ArrayList<>(List.of(name));
    flags.stream()
        .filter(flag -> flag.startsWith("--"))
        .map(flag -> Settings.key(flag.substring(2)))
        .forEach(all::add);
    all.addAll(keys);
    return all.stream().distinct().toList();
  }

  /** The flag to name in messages: the long one of its name. */
  public String flag() {
    return flags.contains("--" + name) ? "--" + name : flags.isEmpty() ? name : flags.getLast();
  }

  /** The parts of one text, as the flag takes it. */
  public List<String> parts(String text) throws SettingsException {
    return switch (many) {
      case ONE, REPEATED -> List.of(text);
      case PATHS -> List.of(text.split(":", -1)).stream().filter(part -> !part.isEmpty()).toList();
      case WORDS -> Words.split(text, flag());
    };
  }

  /** The default in canonical form: no value, one, or for a list several. */
  public List<String> defaults() {
    if (fallback.isEmpty()) {
      return List.of();
    }
    try {
      return List.of(type.canonical(fallback));
    } catch (Mismatch e) {
      throw new IllegalStateException("the default of " + name + " is wrong: " + e.expected(), e);
    }
  }
}
