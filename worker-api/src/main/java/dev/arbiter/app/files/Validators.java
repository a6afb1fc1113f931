package dev.arbiter.app.files;

import dev.arbiter.app.Headers;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * What tells one state of a file from another, and the conditions a request may make of it (RFC
 * 9110 sections 8.8 and 13).
 *
 * @param tag quoted; what stands between the quotes
 * @param weak whether the file may change again without another tag or date: it was changed just
 *     now, and file systems have clocks of some milliseconds
 * @param modified in whole seconds, as it is told
 * @param now the time of the response
 */
record Validators(String tag, boolean weak, Instant modified, Instant now) {
  /**
   * Leniency, RFC 9110 section 13.1.1: tags that blanks alone set apart, without a comma. Each is
   * in quotes, so where it ends is plain.
   */
  private static final boolean TAGS_WITHOUT_COMMA = true;

  private static final Duration SETTLED = Duration.ofSeconds(2);

  /** What becomes of a conditional request. */
  enum Verdict {
    /** It is served, with a range if one is asked for. */
    SERVE,
    /** It is served whole. */
    SERVE_WHOLE,
    /** 304. */
    NOT_MODIFIED,
    /** 412. */
    FAILED
  }

  /**
   * Of a file.
   *
   * @param variant what sets apart representations of one file; may be empty
   */
  static Validators of(BasicFileAttributes file, String variant, Instant now) {
    Instant modified = file.lastModifiedTime().toInstant();
    long nanos = modified.getEpochSecond() * 1_000_000_000L + modified.getNano();
    String tag = "\"%x-%x%s\"".formatted(file.size(), nanos, variant);
    boolean weak = modified.isAfter(now.minus(SETTLED));
    return new Validators(tag, weak, modified.truncatedTo(ChronoUnit.SECONDS), now);
  }

  /** The ETag field. */
  String etag() {
    return weak ? "W/" + tag : tag;
  }

  /** The Last-Modified field: never later than the response (section 8.8.2.1). */
  String lastModified() {
    return HttpDates.format(modified.isAfter(now) ? now : modified);
  }

  /** Evaluates the conditions in the order of section 13.2.2. For GET and HEAD. */
  Verdict judge(String method, Headers headers) {
    List<String> match = headers.all("if-match");
    if (!match.isEmpty()) {
      if (!matches(match, true)) {
        return Verdict.FAILED;
      }
    } else if (date(headers, "if-unmodified-since").filter(modified::isAfter).isPresent()) {
      return Verdict.FAILED;
    }
    List<String> noneMatch = headers.all("if-none-match");
    if (!noneMatch.isEmpty()) {
      if (matches(noneMatch, false)) {
        return Verdict.NOT_MODIFIED;
      }
    } else if (date(headers, "if-modified-since").filter(d -> !modified.isAfter(d)).isPresent()) {
      return Verdict.NOT_MODIFIED;
    }
    return method.equals("GET") && rangeAllowed(headers) ? Verdict.SERVE : Verdict.SERVE_WHOLE;
  }

  /** Section 13.1.5: a part is of use only to who has the rest of the very same bytes. */
  private boolean rangeAllowed(Headers headers) {
    List<String> ifRange = headers.all("if-range");
    if (ifRange.isEmpty()) {
      return true;
    }
    String validator = ifRange.getFirst();
    if (weak || ifRange.size() > 1) {
      return false;
    }
    return validator.startsWith("\"")
        ? validator.equals(tag)
        : HttpDates.parse(validator, now).filter(modified::equals).isPresent();
  }

  /** A date field, unless it is malformed or there are two: then it is as if there were none. */
  private Optional<Instant> date(Headers headers, String name) {
    List<String> values = headers.all(name);
    return values.size() == 1 ? HttpDates.parse(values.getFirst(), now) : Optional.empty();
  }

  /**
   * Whether one of the tags is ours; {@code strong} as section 8.8.3.2 compares. What follows a
   * malformed tag is not looked at.
   */
  private boolean matches(List<String> fields, boolean strong) {
    return fields.stream().anyMatch(field -> matches(field, strong));
  }

  private boolean matches(String field, boolean strong) {
    if (field.strip().equals("*")) {
      return true;
    }
    int at = 0;
    boolean separated = true;
    while (at < field.length()) {
      char c = field.charAt(at);
      if (c == ' ' || c == '\t' || c == ',') {
        separated |= c == ',';
        at++;
        continue;
      }
      if (!(TAGS_WITHOUT_COMMA || separated)) {
        return false;
      }
      separated = false;
      boolean theirsWeak = field.startsWith("W/", at);
      int quote = theirsWeak ? at + 2 : at;
      int end =
          quote < field.length() && field.charAt(quote) == '"' ? field.indexOf('"', quote + 1) : -1;
      if (end < 0) {
        return false;
      }
      boolean same = field.substring(quote, end + 1).equals(tag);
      if (same && !(strong && (weak || theirsWeak))) {
        return true;
      }
      at = end + 1;
    }
    return false;
  }
}
