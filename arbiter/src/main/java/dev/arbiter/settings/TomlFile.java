package dev.arbiter.settings;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * Reads a settings file: one level of keys, each a setting. Types are TOML's own: a number is not
 * written in quotes, a switch is {@code true} or {@code false}.
 */
final class TomlFile {

  private final Path file;
  private final String shown;

  /** {@code shown} is the file's name in messages. */
  TomlFile(Path file, String shown) {
    this.file = file;
    this.shown = shown;
  }

  List<Given> read() throws SettingsException, IOException {
    TomlParseResult toml = Toml.parse(file);
    if (toml.hasErrors()) {
      TomlParseError error = toml.errors().getFirst();
      throw new SettingsException(
          place(error.position()) + ": " + error.getMessage(),
          "A settings file has lines such as: workers = 4");
    }
    List<Given> given = new ArrayList<>();
    Map<Setting, Source> seen = new HashMap<>();
    for (String key : toml.keySet()) {
      Object value = toml.get(List.of(key));
      Source source = Source.key(place(toml.inputPositionOf(List.of(key))), key);
      if (value == null) {
        continue;
      }
      Setting setting = find(key, source, value);
      Source before = seen.putIfAbsent(setting, source);
      if (before != null) {
        throw new SettingsException(
            "%s and %s name the same setting (%s)"
                .formatted(before.named(), source.named(), setting.name()),
            "Keep one of them.");
      }
      given.add(new Given(setting, texts(setting, source, value), source));
    }
    return given;
  }

  private static Setting find(String key, Source source, Object value) throws SettingsException {
    Setting setting = Settings.find(key).orElse(null);
    if (setting == null) {
      throw new SettingsException(
          source.with(literal(value))
              + ": no setting has this name"
              + Nearest.hint(Settings.key(key), Settings.keys()),
          "docs/settings.md lists all settings.");
    }
    if (setting.name().equals("config")) {
      throw new SettingsException(
          source.with(literal(value)) + ": a settings file cannot name another one",
          "Use --config or ARBITER_CONFIG.");
    }
    return setting;
  }

  private static List<String> texts(Setting setting, Source source, Object value)
      throws SettingsException {
    if (setting.status() != Setting.Status.HERE) {
      return List.of(value instanceof String text ? text : literal(value));
    }
    if (value instanceof TomlTable table && setting.name().equals("logconfig-dict")) {
      return List.of(table.toJson());
    }
    if (value instanceof TomlTable table && isPairs(setting.type())) {
      List<String> pairs = new ArrayList<>();
      for (String name : table.keySet()) {
        if (!(table.get(List.of(name)) instanceof String text)) {
          throw wrong(setting, source, value, "a text for " + name);
        }
        pairs.add(name + "=" + text);
      }
      return pairs;
    }
    if (value instanceof TomlArray array && setting.isList()) {
      List<String> texts = new ArrayList<>();
      for (Object part : array.toList()) {
        if (!(part instanceof String text)) {
          throw wrong(setting, source, value, "texts in the list");
        }
        texts.add(text);
      }
      return texts;
    }
    if (value instanceof String text && setting.isList()) {
      return setting.parts(text);
    }
    return List.of(text(setting, source, value));
  }

  /** Whether a table says it, too. */
  private static boolean isPairs(Type type) {
    return type instanceof Type.Pair || type instanceof Type.Mount;
  }

  private static String text(Setting setting, Source source, Object value)
      throws SettingsException {
    return switch (setting.type()) {
      case Type.Switch _ when value instanceof Boolean -> value.toString();
      case Type.Switch _ -> throw wrong(setting, source, value, "true or false, without quotes");
      case Type.Whole _ when value instanceof Long -> value.toString();
      case Type.Whole whole when value instanceof String text && text.equals(whole.word()) -> text;
      case Type.Whole whole -> {
        String word = whole.word().isEmpty() ? "" : ", or \"" + whole.word() + "\"";
        throw wrong(setting, source, value, "a whole number without quotes" + word);
      }
      case Type.Span _ when value instanceof Long || value instanceof Double -> value.toString();
      case Type.Size _ when value instanceof Long -> value.toString();
      case Type.Choice _ when value instanceof Long -> value.toString();
      case Type.Span _, Type.Size _, Type.Choice _, Type.Text _, Type.Secret _, Type.FilePath _
          when value instanceof String text ->
          text;
      case Type.Canary _,
          Type.Mode _,
          Type.Bind _,
          Type.Pair _,
          Type.Addresses _,
          Type.Field _,
          Type.Mount _,
          Type.SyslogPlace _
          when value instanceof String text ->
          text;
      case Type.Span _ ->
          throw wrong(setting, source, value, "seconds, or a text such as \"500ms\" or \"1h30m\"");
      case Type.Size _ ->
          throw wrong(setting, source, value, "bytes, or a text such as \"64k\" or \"1G\"");
      default -> throw wrong(setting, source, value, "a text in quotes");
    };
  }

  private static SettingsException wrong(
      Setting setting, Source source, Object value, String expected) {
    String shown = setting.type() instanceof Type.Secret ? "..." : literal(value);
    return new SettingsException(
        source.with(shown) + ": expected " + expected, setting.help() + ".");
  }

  /** A value as it may have stood in the file. */
  private static String literal(Object value) {
    return switch (value) {
      case String text -> dev.arbiter.settings.Toml.quoted(text);
      case TomlArray array -> array.toList().stream().map(TomlFile::literal).toList().toString();
      case TomlTable _ -> "{...}";
      default -> value.toString();
    };
  }

  private String place(@Nullable TomlPosition position) {
    return position == null ? shown : shown + ":" + position.line() + ":" + position.column();
  }

  /** Why a file cannot be read, in words. */
  static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "it is not UTF-8";
      default -> String.valueOf(e.getMessage());
    };
  }
}
