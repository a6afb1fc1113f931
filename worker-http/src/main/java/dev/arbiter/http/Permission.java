package dev.arbiter.http;

import dev.arbiter.worker.WorkerSettings;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * What an operator may let in although a rule forbids it, each by a switch of its own, all off by
 * default. {@link Leniency} has what is let in always. Only for heads of HTTP/1: HTTP/2 has no
 * lines, and nobody needs them in trailers.
 */
public enum Permission {
  /**
   * RFC 9112 section 5.2: a line that begins with a blank goes on with the field before it. A
   * server may replace the fold by a space, which is what happens. For devices that still write
   * long fields so; what stands in front may not see that the second line belongs to the first.
   */
  OBSOLETE_FOLDING("permit-obsolete-folding"),

  /**
   * RFC 9112 section 5.1: blanks between a field's name and its colon, which a server must refuse.
   * They are left out. Servers that differ in this have been the way in for smuggled requests: only
   * for clients that cannot be mended, and with nothing in front.
   */
  HEADER_SPACES("strip-header-spaces"),

  /**
   * RFC 9110 section 9.1: a method is any token, also one with small letters. For protocols of
   * one's own: to an app {@code get} is another method than {@code GET}.
   */
  UNCONVENTIONAL_METHOD("permit-unconventional-http-method"),

  /**
   * RFC 9112 section 2.3: a version other than 1.0 and 1.1, as in {@code HTTP/1.2}. It is read as
   * the nearest that there is: 1.1, or 1.0 for what is older.
   */
  UNCONVENTIONAL_VERSION("permit-unconventional-http-version"),

  /**
   * RFC 9110 section 9.1: methods are case-sensitive; here small letters become capitals first. For
   * clients that write {@code get}, without an app that has to know of them.
   */
  METHOD_CASE("casefold-http-method");

  private final String setting;

  Permission(String setting) {
    this.setting = setting;
  }

  /** Those that are switched on. */
  static Set<Permission> from(WorkerSettings settings) {
    Set<Permission> given = EnumSet.noneOf(Permission.class);
    for (Permission one : values()) {
      if (settings.flag(one.setting, false)) {
        given.add(one);
      }
    }
    return Collections.unmodifiableSet(given);
  }
}
