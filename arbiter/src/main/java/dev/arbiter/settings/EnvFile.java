package dev.arbiter.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads {@code --env-file}: {@code NAME=VALUE} lines, {@code export} in front, {@code #} comments,
 * values in single quotes as they are, in double quotes with {@code \n}, {@code \t}, {@code \"} and
 * {@code \\}. No variables are replaced.
 */
final class EnvFile {

  private EnvFile() {}

  static Map<String, String> read(Path file, Source source, String shown) throws SettingsException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new SettingsException(
          source.with(shown) + ": cannot be read: " + TomlFile.reason(e),
          "Expected a file of NAME=VALUE lines.");
    }
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String pair = line.startsWith("export ") ? line.substring("export ".length()).strip() : line;
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals).strip();
      if (equals < 0 || !name.matches("[A-Za-z_][A-Za-z0-9_.-]*")) {
        throw new SettingsException(
            shown + ":" + (i + 1) + ": " + line + ": expected NAME=VALUE", "");
      }
      variables.put(name, value(pair.substring(equals + 1).strip(), shown + ":" + (i + 1)));
    }
    return variables;
  }

  private static String value(String text, String where) throws SettingsException {
    if (!text.startsWith("'") && !text.startsWith("\"")) {
      int comment = text.indexOf(" #");
      return comment < 0 ? text : text.substring(0, comment).strip();
    }
    char quote = text.charAt(0);
    StringBuilder value = new StringBuilder();
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == quote) {
        String rest = text.substring(i + 1).strip();
        if (!rest.isEmpty() && !rest.startsWith("#")) {
          throw new SettingsException(
              where + ": " + text + ": expected nothing after the closing quote", "");
        }
        return value.toString();
      }
      if (c == '\\' && quote == '"' && i + 1 < text.length()) {
        char next = text.charAt(++i);
        value.append(
            switch (next) {
              case 'n' -> "\n";
              case 't' -> "\t";
              case 'r' -> "\r";
              case '"', '\\', '$' -> String.valueOf(next);
              default -> "\\" + next;
            });
      } else {
        value.append(c);
      }
    }
    throw new SettingsException(where + ": " + text + ": expected a closing " + quote, "");
  }
}
