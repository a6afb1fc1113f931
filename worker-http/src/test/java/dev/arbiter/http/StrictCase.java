package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A case of {@code strict-requests.txt}, which every HTTP worker is tested with. The file's head
 * explains its form.
 *
 * @param statuses of the answers, in order
 * @param end what becomes of the connection after them
 * @param section where the rule is written: an RFC and a section, or {@code ours}
 * @param raw what is sent, a byte in each character
 * @param ends whether the client shuts its side after it
 * @param seen what the app is to see of each request
 */
public record StrictCase(
    List<Integer> statuses,
    End end,
    String section,
    String name,
    String raw,
    boolean ends,
    List<Sight> seen) {

  /** What becomes of a connection. */
  public enum End {
    /** It serves the next request. */
    KEPT,
    /** The last answer announces that it closes, and so it does. */
    CLOSED,
    /** It closes without another word. */
    CUT
  }

  /**
   * A request as an app sees it.
   *
   * @param line method, target and version
   * @param fields {@code name: value}, in order
   * @param body a byte in each character
   * @param whole whether the body came to its end; otherwise reading it failed, after at most this
   */
  public record Sight(String line, List<String> fields, String body, boolean whole) {}

  private static final Pattern REPEAT = Pattern.compile("\\{(\\d+):([^{}]*)}");
  private static final Pattern MACRO = Pattern.compile("<([A-Z]+)>");

  /** The whole table. */
  public static List<StrictCase> all() {
    List<StrictCase> cases = new ArrayList<>();
    Map<String, String> macros = new HashMap<>();
    for (String line : lines("strict-requests.txt")) {
      if (line.startsWith("let ")) {
        String[] parts = line.substring(4).split(" = ", 2);
        macros.put(parts[0], parts[1]);
      } else if (line.startsWith("  > ")) {
        cases.getLast().seen.add(sight(expand(line.substring(4), macros)));
      } else {
        cases.add(parse(line, macros));
      }
    }
    return cases;
  }

  static List<String> lines(String resource) {
    return lines(StrictCase.class, resource);
  }

  /** The lines of a table that say something; it lies beside {@code by}. */
  public static List<String> lines(Class<?> by, String resource) {
    try (InputStream file = by.getResourceAsStream(resource)) {
      if (file == null) {
        throw new IllegalStateException(resource + " is missing");
      }
      return new BufferedReader(new InputStreamReader(file, US_ASCII))
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static StrictCase parse(String line, Map<String, String> macros) {
    String[] parts = line.split(" \\| ", 4);
    List<Integer> statuses = new ArrayList<>();
    End end = End.KEPT;
    for (String word : parts[0].split(" ")) {
      switch (word) {
        case "close" -> end = End.CLOSED;
        case "cut" -> end = End.CUT;
        default -> statuses.add(Integer.valueOf(word));
      }
    }
    if (!statuses.isEmpty() && statuses.getLast() >= 400) {
      end = End.CLOSED;
    }
    String raw = unescape(expand(parts[3], macros));
    boolean ends = raw.endsWith("<end>");
    return new StrictCase(
        statuses,
        end,
        parts[1],
        parts[2],
        ends ? raw.substring(0, raw.length() - 5) : raw,
        ends,
        new ArrayList<>());
  }

  private static Sight sight(String text) {
    List<String> parts = Arrays.stream(text.split(" \\| ")).map(StrictCase::unescape).toList();
    String line = parts.getFirst();
    String last = parts.getLast();
    boolean cut = last.endsWith("\"...");
    boolean body = cut || (last.startsWith("\"") && last.endsWith("\""));
    return new Sight(
        line.contains(" HTTP/") ? line : line + " HTTP/1.1",
        parts.subList(1, parts.size() - (body ? 1 : 0)),
        body ? last.substring(1, last.length() - (cut ? 4 : 1)) : "",
        !cut);
  }

  private static String expand(String text, Map<String, String> macros) {
    String known =
        MACRO.matcher(text).replaceAll(m -> Matcher.quoteReplacement(macro(m.group(1), macros)));
    // From the inside out: the innermost repetition has no brace in it.
    while (REPEAT.matcher(known).find()) {
      known =
          REPEAT
              .matcher(known)
              .replaceAll(
                  m -> Matcher.quoteReplacement(m.group(2).repeat(Integer.parseInt(m.group(1)))));
    }
    return known;
  }

  private static String macro(String name, Map<String, String> macros) {
    String text = macros.get(name);
    if (text == null) {
      throw new IllegalArgumentException("no such text: " + name);
    }
    return text;
  }

  /** What is sent. */
  public byte[] bytes() {
    return raw.getBytes(ISO_8859_1);
  }

  /** Whether a request is refused, or broken off, before the app has seen the whole of it. */
  public boolean malformed() {
    return end == End.CUT || (!statuses.isEmpty() && statuses.getLast() >= 400);
  }

  @Override
  public String toString() {
    return name + " (" + section + ")";
  }

  /** The bytes that a table's text stands for. */
  public static String unescape(String text) {
    StringBuilder bytes = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        bytes.append(c);
        continue;
      }
      char kind = text.charAt(++i);
      switch (kind) {
        case 'r' -> bytes.append('\r');
        case 'n' -> bytes.append('\n');
        case 't' -> bytes.append('\t');
        case '\\' -> bytes.append('\\');
        case 'x' -> {
          bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
          i += 2;
        }
        default -> throw new IllegalArgumentException("unknown escape in: " + text);
      }
    }
    return bytes.toString();
  }
}
