package dev.arbiter.worker;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The atoms of {@code --access-logformat}, which are Gunicorn's: {@code %(h)s}, {@code
 * %({user-agent}i)s}. Workers fill them in; the arbiter says once which it does not know.
 */
public final class AccessAtoms {
  /** Group 1: the name of a header or variable, if there is one; 2: the letter. Or {@code %%}. */
  public static final Pattern PATTERN =
      Pattern.compile("%(?:%|\\((?:\\{([^}]*)\\})?([A-Za-z]+)\\)[sdi])");

  private static final String NAMED = "ioe";
  private static final String PLAIN = "hlutrmUqHsBbfaTMDLp";

  private AccessAtoms() {}

  /**
   * {@return whether something is filled in for it}
   *
   * @param name what stands in braces, as in <code>%({x-id}i)s</code>; null without braces
   * @param letter what stands behind it
   */
  public static boolean isKnown(@Nullable String name, String letter) {
    return letter.length() == 1 && (name == null ? PLAIN : NAMED).contains(letter);
  }

  /**
   * {@return what a format asks for and nobody knows; printed as {@code -}, as Gunicorn does}
   *
   * @param format as {@code --access-logformat} has it
   */
  public static List<String> unknown(String format) {
    List<String> unknown = new ArrayList<>();
    Matcher atoms = PATTERN.matcher(format);
    while (atoms.find()) {
      String letter = atoms.group(2);
      if (letter != null && !isKnown(atoms.group(1), letter)) {
        unknown.add(atoms.group());
      }
    }
    return unknown;
  }
}
