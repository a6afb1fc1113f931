package dev.arbiter.cli;

import dev.arbiter.settings.Group;
import dev.arbiter.settings.Setting;
import dev.arbiter.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes the manual pages out of the tables, as man(7) has them. */
final class ManPages {
  private static final Pattern TABLE_LINE = Pattern.compile("(?: {2}| {6})(\\S.*?)\\s{2,}(\\S.*)");

  private ManPages() {}

  static String arbiter() {
    StringBuilder page = new StringBuilder();
    head(page, "ARBITER", "arbiter", "serve an app from several JVMs that share its sockets");
    page.append(
        """
        .SH SYNOPSIS
        .B arbiter
        .RI [ FLAGS ]
        .IR MODULE : CLASS [:: FACTORY ]
        .br
        .B arbiter init
        .RI [ FOLDER ]
        .SH DESCRIPTION
        One process binds the sockets, starts worker JVMs that share them, watches, replaces, reloads and stops
        them. The app is a jar, a folder of classes, a source file or a package, and a class in it.
        .PP
        .B arbiter init
        writes a small project to begin with.
        .SH OPTIONS
        """);
    for (String action : Arguments.ACTIONS.keySet()) {
      List<String> flags = new ArrayList<>(Arguments.ACTIONS.getOrDefault(action, List.of()));
      flags.add(action);
      entry(page, flags, "", HelpText.action(action));
    }
    for (Group group : Group.values()) {
      List<Setting> settings =
          Settings.here().stream()
              .filter(setting -> setting.group() == group && !setting.flags().isEmpty())
              .toList();
      if (!settings.isEmpty()) {
        page.append(".SS ").append(group.title()).append('\n');
      }
      for (Setting setting : settings) {
        entry(
            page,
            HelpText.spelled(setting),
            setting.type().placeholder(),
            setting.help() + HelpText.fallback(setting));
      }
    }
    page.append(
        """
        .SH ENVIRONMENT
        Each setting is read from a variable as well:
        .B ARBITER_KEEP_ALIVE
        for
        .BR \\-\\-keep\\-alive .
        .TP
        .B ARBITER_ARGS
        Flags, as on the command line, which is stronger.
        .TP
        .BR PORT ", " WEB_CONCURRENCY ", " FORWARDED_ALLOW_IPS
        Defaults of
        .BR \\-\\-bind ", " \\-\\-workers " and " \\-\\-forwarded\\-allow\\-ips .
        .SH FILES
        .TP
        .I arbiter.toml
        Settings, in the folder of
        .B \\-\\-chdir
        or the current one; weaker than the environment.
        """);
    sections(page, HelpText.help(HelpText.SIGNALS));
    return page.append(
            """
            .SH SEE ALSO
            .BR arbiterctl (1)
            """)
        .toString();
  }

  static String arbiterctl() {
    StringBuilder page = new StringBuilder();
    head(page, "ARBITERCTL", "arbiterctl", "see and steer a running arbiter");
    page.append(
        """
        .SH SYNOPSIS
        .B arbiterctl
        .RI [ OPTIONS ]
        .I COMMAND
        .SH DESCRIPTION
        Speaks to a running arbiter through its control socket.
        .SH COMMANDS
        """);
    for (Map.Entry<String, String> command : CtlCommand.commands().entrySet()) {
      entry(page, List.of(command.getKey()), "", command.getValue());
    }
    String help = CtlCommand.help();
    sections(page, help.substring(help.indexOf("Options:")));
    return page.append(
            """
            .SH SEE ALSO
            .BR arbiter (1)
            """)
        .toString();
  }

  private static void head(StringBuilder page, String title, String name, String what) {
    page.append(".\\\" Written from the tables by GeneratedFilesTest.\n")
        .append(".TH %s 1 2026-01-01 \"arbiter %s\"\n".formatted(title, ArbiterCommand.VERSION))
        .append(".SH NAME\n%s \\- %s\n".formatted(name, what));
  }

  private static void entry(
      StringBuilder page, List<String> flags, String placeholder, String help) {
    page.append(".TP\n\\fB").append(escaped(String.join("\\fR, \\fB", flags))).append("\\fR");
    if (!placeholder.isEmpty()) {
      page.append(" \\fI").append(escaped(placeholder)).append("\\fR");
    }
    page.append('\n');
    paragraph(page, help);
  }

  /** Titles with a colon become sections, two columns a list, and all else text. */
  private static void sections(StringBuilder page, String text) {
    StringBuilder open = new StringBuilder();
    for (String line : text.split("\n", -1)) {
      Matcher columns = TABLE_LINE.matcher(line);
      if (line.matches("[A-Z][A-Za-z ]+:")) {
        flush(page, open);
        String title = line.equals("Exit codes:") ? "EXIT STATUS" : line.replace(":", "");
        page.append(".SH ").append(title.toUpperCase(java.util.Locale.ROOT)).append('\n');
      } else if (columns.matches()) {
        flush(page, open);
        page.append(".TP\n.B \"").append(escaped(columns.group(1).strip())).append("\"\n");
        open.append(columns.group(2));
      } else if (line.isBlank()) {
        if (!open.isEmpty()) {
          flush(page, open);
          page.append(".PP\n");
        }
      } else {
        open.append(open.isEmpty() ? "" : " ").append(line.strip());
      }
    }
    flush(page, open);
    // Nothing stands between the last paragraph's end and what follows.
    if (page.toString().endsWith(".PP\n")) {
      page.setLength(page.length() - 4);
    }
    int before = page.indexOf(".PP\n.SH");
    while (before >= 0) {
      page.delete(before, before + 4);
      before = page.indexOf(".PP\n.SH");
    }
  }

  private static void flush(StringBuilder page, StringBuilder open) {
    if (!open.isEmpty()) {
      paragraph(page, open.toString());
      open.setLength(0);
    }
  }

  private static void paragraph(StringBuilder page, String text) {
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (line.length() + word.length() + 1 > 78) {
        page.append(line.toString().strip()).append('\n');
        line.setLength(0);
      }
      String part = escaped(word);
      // A dot or quote at the start of a line would be a request.
      line.append(line.isEmpty() && part.matches("[.'].*") ? "\\&" : "").append(part).append(' ');
    }
    page.append(line.toString().strip()).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("\\fR", "\u0001")
        .replace("\\fB", "\u0002")
        .replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("\u0001", "\\fR")
        .replace("\u0002", "\\fB");
  }
}
