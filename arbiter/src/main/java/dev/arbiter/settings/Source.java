package dev.arbiter.settings;

/**
 * Where a value came from.
 *
 * @param kind which of the places settings are read from; a later constant beats an earlier one
 * @param name the flag, variable or key as it was spelled; empty for a default and for the app
 * @param place {@code FILE:LINE:COLUMN} for a file, else empty
 */
public record Source(Kind kind, String name, String place) implements Comparable<Source> {

  /** The places settings are read from, weakest first. */
  public enum Kind {
    /** Nobody set it. */
    DEFAULT,
    /**
     * {@code PORT}, {@code WEB_CONCURRENCY}, {@code FORWARDED_ALLOW_IPS}: they replace defaults.
     */
    PLATFORM,
    /** {@code arbiter.toml}. */
    FILE,
    /** {@code ARBITER_NAME}. */
    ENVIRONMENT,
    /** Flags in {@code ARBITER_ARGS}. */
    ARGS_VARIABLE,
    /** Flags. */
    COMMAND_LINE
  }

  static final Source DEFAULT = new Source(Kind.DEFAULT, "", "");

  /** A variable of the environment. */
  static Source variable(Kind kind, String name) {
    return new Source(kind, name, "");
  }

  /** A flag, from the command line or from {@code ARBITER_ARGS}. */
  public static Source flag(Kind kind, String flag) {
    return new Source(kind, flag, "");
  }

  /** A key of a file. */
  static Source key(String place, String key) {
    return new Source(Kind.FILE, key, place);
  }

  @Override
  public int compareTo(Source other) {
    return kind.compareTo(other.kind);
  }

  /** The start of a message about {@code value}: {@code ARBITER_WORKERS=many}. */
  public String with(String value) {
    return switch (kind) {
      case DEFAULT -> value;
      case PLATFORM, ENVIRONMENT -> name + "=" + value;
      case FILE -> place + ": " + name + " = " + value;
      case ARGS_VARIABLE -> "ARBITER_ARGS: " + (name + " " + value).strip();
      case COMMAND_LINE -> (name + " " + value).strip();
    };
  }

  /** The same about a text, which stands in quotes in a file. */
  public String withText(String text) {
    boolean bare = kind != Kind.FILE || text.matches("-?[0-9.]+|true|false");
    return with(bare ? text : Toml.quoted(text));
  }

  /** The start of a message about the name itself. */
  public String named() {
    return switch (kind) {
      case DEFAULT -> "default";
      case PLATFORM, ENVIRONMENT -> name;
      case FILE -> place + ": " + name;
      case ARGS_VARIABLE -> name.isEmpty() ? "ARBITER_ARGS" : "ARBITER_ARGS: " + name;
      case COMMAND_LINE -> name.isEmpty() ? "command line" : name;
    };
  }

  /** As {@code --print-config} shows it. */
  @Override
  public String toString() {
    return switch (kind) {
      case DEFAULT -> "default";
      case FILE -> place;
      case PLATFORM, ENVIRONMENT -> name;
      case ARGS_VARIABLE -> ("ARBITER_ARGS " + name).strip();
      case COMMAND_LINE -> name.isEmpty() ? "command line" : name;
    };
  }
}
