package dev.arbiter.develop;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * A source as it was when it was last compiled: enough to tell that it has changed, and whom that
 * concerns.
 *
 * <p>Design note. Who depends on a file is told by the words in it: whatever uses a class has its
 * simple name somewhere, or uses something that does. Class files would say less: constants are
 * copied from one class into another and leave no trace there. Words in comments and texts make
 * some files depend on more than they do, which costs a few milliseconds and nothing else.
 *
 * @param digest of its content; empty where it is not known what was compiled
 * @param declares the names of its types, and some words that look like one
 * @param words all of them
 */
record SourceFile(String digest, Set<String> declares, Set<String> words) {
  private static final Set<String> DECLARING = Set.of("class", "interface", "enum", "record");
  private static final String SUFFIX = ".java";

  static SourceFile read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Set<String> words = new HashSet<>();
    Set<String> declares = new HashSet<>();
    String name = String.valueOf(file.getFileName());
    declares.add(name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name);
    // One byte a character: letters beyond ASCII stay together, in whatever encoding.
    String text = new String(bytes, ISO_8859_1);
    String before = "";
    for (int i = 0; i < text.length(); ) {
      int start = i;
      while (i < text.length() && isPart(text.charAt(i))) {
        i++;
      }
      if (i == start) {
        i++;
        continue;
      }
      String word = text.substring(start, i);
      words.add(word);
      if (DECLARING.contains(before)) {
        declares.add(word);
      }
      before = word;
    }
    return new SourceFile(digest(bytes), declares, words);
  }

  private static boolean isPart(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '_'
        || c == '$'
        || c >= 0x80;
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The same, to be compiled again: what was compiled may have been another content. */
  SourceFile inDoubt() {
    return new SourceFile("", declares, words);
  }

  /** Whether it says any of these words. */
  boolean says(Set<String> names) {
    return names.stream().anyMatch(words::contains);
  }
}
