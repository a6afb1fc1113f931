package dev.arbiter.settings;

import dev.arbiter.worker.AddressList;
import dev.arbiter.worker.SyslogAddress;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a setting's text may be. {@link #canonical} turns it into the one form the program works
 * with and sends to workers: milliseconds, bytes, {@code true} or {@code false}; everything else
 * stays as it is.
 */
public sealed interface Type {

  /** The one form of {@code text}. */
  String canonical(String text) throws Mismatch;

  /** What stands for the value in {@code --help}. */
  String placeholder();

  /** The canonical form as a TOML value that a person reads gladly. */
  default String shown(String canonical) {
    return Toml.quoted(canonical);
  }

  /** Any text. */
  record Text(String placeholder) implements Type {
    @Override
    public String canonical(String text) {
      return text;
    }
  }

  /** A text that nobody is to read over a shoulder: where it is found may be shown, it may not. */
  record Secret(String placeholder) implements Type {
    private static final Pattern PLACE = Pattern.compile("(file|env):.+");

    @Override
    public String canonical(String text) {
      return text;
    }

    /** Whether {@code text} only says where the secret is. */
    static boolean isPlace(String text) {
      return PLACE.matcher(text).matches();
    }

    @Override
    public String shown(String canonical) {
      return Toml.quoted(told(canonical));
    }

    /** What may be seen of it. */
    static String told(String canonical) {
      return isPlace(canonical) ? canonical : "...";
    }
  }

  /** A file or folder; {@code -} is standard output where that makes sense. */
  record FilePath(String placeholder) implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      if (text.indexOf('\0') >= 0) {
        throw new Mismatch("a path without a zero byte");
      }
      return text;
    }
  }

  /**
   * A whole number.
   *
   * @param why the reason for the range, for who steps outside
   * @param word a word that is allowed instead, or empty
   */
  record Whole(long min, long max, String why, String word) implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      if (!word.isEmpty() && text.equalsIgnoreCase(word)) {
        return word;
      }
      if (!text.matches("[+-]?[0-9]{1,18}")) {
        throw new Mismatch(expected());
      }
      long number = Long.parseLong(text);
      if (number < min || number > max) {
        throw new Mismatch(expected() + (why.isEmpty() ? "" : ": " + why));
      }
      return Long.toString(number);
    }

    private String expected() {
      String range = max == Long.MAX_VALUE ? " of at least " + min : " from " + min + " to " + max;
      return "a whole number" + range + (word.isEmpty() ? "" : ", or " + word);
    }

    @Override
    public String placeholder() {
      return word.isEmpty() ? "N" : "N|" + word;
    }

    @Override
    public String shown(String canonical) {
      return canonical.equals(word) ? Toml.quoted(canonical) : canonical;
    }
  }

  /** A duration; canonical in milliseconds. */
  record Span(Duration min, Duration max, String why) implements Type {
    private static final Pattern BARE = Pattern.compile("[0-9]{1,12}(\\.[0-9]{1,9})?");
    private static final Pattern PART =
        Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)(ms|[dhms])");

    @Override
    public String canonical(String text) throws Mismatch {
      BigDecimal millis = millis(text.strip().toLowerCase(Locale.ROOT));
      if (millis.signum() > 0 && millis.compareTo(BigDecimal.ONE) < 0) {
        // Rounding to zero would switch the limit off.
        throw new Mismatch("at least 1ms, or 0 for off");
      }
      long whole = millis.setScale(0, RoundingMode.HALF_UP).longValue();
      if (whole < min.toMillis() || whole > max.toMillis()) {
        throw new Mismatch(
            "a duration from "
                + human(min.toMillis())
                + " to "
                + human(max.toMillis())
                + (why.isEmpty() ? "" : ": " + why));
      }
      return Long.toString(whole);
    }

    private static BigDecimal millis(String text) throws Mismatch {
      if (BARE.matcher(text).matches()) {
        return new BigDecimal(text).movePointRight(3);
      }
      BigDecimal sum = BigDecimal.ZERO;
      Matcher parts = PART.matcher(text);
      int end = 0;
      while (parts.lookingAt()) {
        sum =
            sum.add(
                new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unit(parts.group(2)))));
        end = parts.end();
        parts.region(end, text.length());
      }
      if (end == 0 || end < text.length()) {
        throw new Mismatch("a duration such as 30, 30s, 500ms or 1h30m");
      }
      return sum;
    }

    private static long unit(String name) {
      return switch (name) {
        case "ms" -> 1;
        case "s" -> 1_000;
        case "m" -> 60_000;
        case "h" -> 3_600_000;
        default -> 86_400_000;
      };
    }

    /** {@code 5400000} as {@code 1h30m}. */
    static String human(long millis) {
      if (millis == 0) {
        return "0";
      }
      StringBuilder text = new StringBuilder();
      long rest = millis;
      for (String unit : List.of("d", "h", "m", "s", "ms")) {
        long count = rest / unit(unit);
        if (count > 0) {
          text.append(count).append(unit);
          rest -= count * unit(unit);
        }
      }
      return text.toString();
    }

    @Override
    public String placeholder() {
      return "DURATION";
    }

    @Override
    public String shown(String canonical) {
      return Toml.quoted(human(Long.parseLong(canonical)));
    }
  }

  /** A number of bytes. */
  record Size(long min, long max, String why) implements Type {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,15})([kmgt]?)(i?b)?");

    @Override
    public String canonical(String text) throws Mismatch {
      Matcher form = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
      if (!form.matches()) {
        throw new Mismatch("a size such as 512, 64k, 16M or 1G");
      }
      int shift = 10 * " kmgt".indexOf(form.group(2).isEmpty() ? ' ' : form.group(2).charAt(0));
      long count = Long.parseLong(form.group(1));
      if (count > Long.MAX_VALUE >> shift || count << shift > max || count << shift < min) {
        throw new Mismatch(
            "a size from " + human(min) + " to " + human(max) + (why.isEmpty() ? "" : ": " + why));
      }
      return Long.toString(count << shift);
    }

    /** {@code 65536} as {@code 64k}. */
    static String human(long bytes) {
      String units = " kMGT";
      int unit = 0;
      long count = bytes;
      while (count != 0 && count % 1024 == 0 && unit < 4) {
        count /= 1024;
        unit++;
      }
      return (count + units.substring(unit, unit + 1)).strip();
    }

    @Override
    public String placeholder() {
      return "SIZE";
    }

    @Override
    public String shown(String canonical) {
      String text = human(Long.parseLong(canonical));
      return text.equals(canonical) ? text : Toml.quoted(text);
    }
  }

  /** On or off. */
  record Switch() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "true", "1", "yes", "on" -> "true";
        case "false", "0", "no", "off" -> "false";
        default -> throw new Mismatch("true or false");
      };
    }

    @Override
    public String placeholder() {
      return "";
    }

    @Override
    public String shown(String canonical) {
      return canonical;
    }
  }

  /** One of a few words. */
  record Choice(List<String> words) implements Type {
    /** Of the words together, where they stand for the value. */
    private static final int LONGEST = 80;

    @Override
    public String canonical(String text) throws Mismatch {
      String word = text.strip().toLowerCase(Locale.ROOT);
      if (!words.contains(word)) {
        throw new Mismatch(Nearest.oneOf(word, words));
      }
      return word;
    }

    @Override
    public String placeholder() {
      String all = String.join("|", words);
      return all.length() <= LONGEST ? all : "NAME";
    }
  }

  /** A number of workers, and a time: {@code 2/5m}; in canonical form {@code 2/300000}. */
  record Canary() implements Type {
    private static final Span TIME = new Span(Duration.ofSeconds(1), Duration.ofDays(7), "");

    @Override
    public String canonical(String text) throws Mismatch {
      Matcher form = Pattern.compile("([1-9][0-9]{0,3})/(.+)").matcher(text.strip());
      if (!form.matches()) {
        throw new Mismatch("a number of workers and a time such as 1/5m");
      }
      return form.group(1) + "/" + TIME.canonical(form.group(2));
    }

    @Override
    public String placeholder() {
      return "N/T";
    }
  }

  /** The permissions of a file, in octal. */
  record Mode() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      if (!text.matches("(0o)?[0-7]{1,4}")) {
        throw new Mismatch("permissions in octal such as 0660");
      }
      String digits = text.startsWith("0o") ? text.substring(2) : text;
      return "0".repeat(4 - digits.length()) + digits;
    }

    @Override
    public String placeholder() {
      return "MODE";
    }
  }

  /** What {@link BindAddress} reads. */
  record Bind() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      try {
        return BindAddress.parse(text.strip()).toString();
      } catch (IllegalArgumentException e) {
        throw new Mismatch(String.valueOf(e.getMessage()));
      }
    }

    @Override
    public String placeholder() {
      return "ADDRESS";
    }
  }

  /** {@code PREFIX=DIR}: a path of URLs, and a folder that is served there. */
  record Mount() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      int equals = text.indexOf('=');
      if (!text.startsWith("/") || equals < 0 || equals == text.length() - 1) {
        throw new Mismatch("a path and a folder such as /assets=public");
      }
      if (text.chars().anyMatch(c -> c < ' ')) {
        throw new Mismatch("a folder without control characters");
      }
      return text;
    }

    @Override
    public String placeholder() {
      return "PREFIX=DIR";
    }
  }

  /** {@code NAME=VALUE}. */
  record Pair() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      if (text.indexOf('=') <= 0 || text.indexOf('\0') >= 0) {
        throw new Mismatch("NAME=VALUE");
      }
      return text;
    }

    @Override
    public String placeholder() {
      return "NAME=VALUE";
    }
  }

  /** What {@link AddressList} reads. */
  record Addresses() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      try {
        AddressList.parse(text);
      } catch (IllegalArgumentException e) {
        String part = String.valueOf(e.getMessage());
        throw new Mismatch(
            "addresses such as 10.0.0.1, networks such as 10.0.0.0/8, or *, with commas between them"
                + (part.equals(text) ? "" : "; not " + part));
      }
      return text.strip();
    }

    @Override
    public String placeholder() {
      return "ADDRESSES";
    }
  }

  /** What {@link SyslogAddress} reads. */
  record SyslogPlace() implements Type {
    @Override
    public String canonical(String text) throws Mismatch {
      try {
        SyslogAddress.parse(text.strip());
      } catch (IllegalArgumentException e) {
        throw new Mismatch(String.valueOf(e.getMessage()));
      }
      return text.strip();
    }

    @Override
    public String placeholder() {
      return "ADDRESS";
    }
  }

  /** A header field, {@code NAME:VALUE}. */
  record Field() implements Type {
    private static final Pattern FORM =
        Pattern.compile(
            "([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*([\\x21-\\x7e]([\\t\\x20-\\x7e]*[\\x21-\\x7e])?)?[ \\t]*");

    /** They say how the response is framed and how long its connection lasts. */
    private static final List<String> OURS =
        List.of("content-length", "transfer-encoding", "connection", "keep-alive");

    @Override
    public String canonical(String text) throws Mismatch {
      Matcher form = FORM.matcher(text);
      if (!form.matches()) {
        throw new Mismatch("a header such as X-Frame-Options:DENY, in ASCII");
      }
      if (OURS.contains(form.group(1).toLowerCase(Locale.ROOT))) {
        throw new Mismatch(
            "a header other than " + form.group(1) + ", which the worker makes itself");
      }
      return form.group(1) + ":" + (form.group(2) == null ? "" : form.group(2));
    }

    @Override
    public String placeholder() {
      return "NAME:VALUE";
    }
  }
}
