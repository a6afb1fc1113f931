package dev.arbiter.settings;

import java.util.ArrayList;
import java.util.List;

/** Takes a line apart as a shell would: blanks, quotes, backslashes; no variables, no patterns. */
public final class Words {

  private Words() {}

  /** The words of {@code line}; {@code where} names it in messages. */
  public static List<String> split(String line, String where) throws SettingsException {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      boolean last = i + 1 == line.length();
      if (c == '\\' && quote != '\'' && !last) {
        char next = line.charAt(++i);
        if (quote == '"' && next != '"' && next != '\\') {
          word.append(c);
        }
        word.append(next);
        inWord = true;
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        inWord = true;
      } else if (Character.isWhitespace(c)) {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
      } else {
        word.append(c);
        inWord = true;
      }
    }
    if (quote != 0) {
      throw new SettingsException(
          where + ": expected a closing " + quote + " in " + line, "Quotes come in pairs.");
    }
    if (inWord) {
      words.add(word.toString());
    }
    return List.copyOf(words);
  }
}
