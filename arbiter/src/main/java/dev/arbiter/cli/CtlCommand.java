package dev.arbiter.cli;

import dev.arbiter.control.SocketPath;
import dev.arbiter.settings.Nearest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The command {@code arbiterctl}: from arguments and environment to what is asked for. */
public final class CtlCommand {
  private static final int MOST_WORKERS = 1024;
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(30);
  private static final String SEE_HELP = "arbiterctl --help lists all commands.";

  /** Whether a command waits for its outcome. */
  private enum Waiting {
    /** The answer is there at once. */
    NO,
    /** Only with {@code --wait}. */
    IF_ASKED,
    /** It does. */
    YES,
    /** Unless {@code --no-wait}. */
    UNLESS_TOLD
  }

  /**
   * A command.
   *
   * @param number what stands for its number in the help; empty if it has none
   */
  private record Row(String name, String number, Waiting waiting, String help) {
    String usage() {
      return (name + " " + number).strip()
          + switch (waiting) {
            case IF_ASKED -> " [--wait]";
            case UNLESS_TOLD -> " [--now] [--no-wait]";
            case NO, YES -> "";
          };
    }
  }

  private static final List<Row> ROWS =
      List.of(
          new Row("status", "", Waiting.NO, "The arbiter and its workers at a glance"),
          new Row("workers", "", Waiting.NO, "What each worker does and holds"),
          new Row("listeners", "", Waiting.NO, "What is listened on"),
          new Row("config", "", Waiting.NO, "The settings in force, and where each came from"),
          new Row(
              "stats", "", Waiting.NO, "Requests, responses, latency and memory of all workers"),
          new Row("incidents", "", Waiting.NO, "Evidence about sick workers that was kept"),
          new Row(
              "reload",
              "",
              Waiting.IF_ASKED,
              "Read the settings and the app again, and replace all workers"),
          new Row("upgrade", "", Waiting.IF_ASKED, "Replace the arbiter itself, in place"),
          new Row("rollback", "", Waiting.YES, "Back to the release before this one"),
          new Row("scale", "N", Waiting.YES, "Have so many workers"),
          new Row("recycle", "NR", Waiting.YES, "Replace the worker in this slot"),
          new Row(
              "eject",
              "NR",
              Waiting.YES,
              "No more connections for the worker in this slot; again: it gets them again"),
          new Row("dump", "NR", Waiting.YES, "Log what the worker in this slot is doing"),
          new Row(
              "reopen", "", Waiting.YES, "Open all log files again, and read certificates again"),
          new Row(
              "stop",
              "",
              Waiting.UNLESS_TOLD,
              "Finish what is in flight and stop; returns when the arbiter has gone. --now: at once"));

  /** Commands of a later release. */
  private static final List<String> LATER = List.of("top", "logs");

  private CtlCommand() {}

  /** Reads everything; prints nothing and does not end the process. */
  public static CtlInvocation read(String[] args, Map<String, String> environment) {
    ParseResult line;
    try {
      line = new CommandLine(spec()).parseArgs(args);
    } catch (CommandLine.ParameterException e) {
      return new CtlInvocation.Failure(String.valueOf(e.getMessage()), SEE_HELP);
    }
    List<String> words = line.matchedPositionalValue(0, List.<String>of());
    if (line.hasMatchedOption("--version")) {
      return new CtlInvocation.Print("arbiterctl " + ArbiterCommand.VERSION + "\n");
    }
    if (line.hasMatchedOption("--help") || words.equals(List.of("help"))) {
      return new CtlInvocation.Print(help());
    }
    if (words.isEmpty()) {
      return new CtlInvocation.Failure("No command was given", SEE_HELP);
    }
    return ask(words, line, environment);
  }

  private static CtlInvocation ask(
      List<String> words, ParseResult line, Map<String, String> environment) {
    String name = words.getFirst();
    Row row = ROWS.stream().filter(one -> one.name.equals(name)).findFirst().orElse(null);
    if (row == null) {
      List<String> names = ROWS.stream().map(Row::name).toList();
      return new CtlInvocation.Failure(
          LATER.contains(name)
              ? name + " is not in this release"
              : "No command is called " + name + Nearest.hint(name, names),
          SEE_HELP);
    }
    for (String flag : List.of("--wait", "--now", "--no-wait")) {
      if (line.hasMatchedOption(flag) && !row.usage().contains("[" + flag + "]")) {
        return new CtlInvocation.Failure("%s has no %s".formatted(name, flag), usage(row));
      }
    }
    if (words.size() != (row.number.isEmpty() ? 1 : 2)) {
      return new CtlInvocation.Failure(
          row.number.isEmpty() ? name + " takes nothing more" : name + " needs one number",
          usage(row));
    }
    Optional<Integer> number = row.number.isEmpty() ? Optional.of(0) : number(words.get(1), row);
    Duration usual = row.waiting == Waiting.NO ? USUAL_TIMEOUT : Duration.ZERO;
    Optional<Duration> timeout = timeout(line.matchedOptionValue("--timeout", ""), usual);
    if (number.isEmpty()) {
      return new CtlInvocation.Failure(
          "%s %s: expected %s"
              .formatted(
                  name,
                  words.get(1),
                  row.number.equals("N")
                      ? "a number of workers from 1 to " + MOST_WORKERS
                      : "the number of a slot, from 0"),
          usage(row));
    }
    if (timeout.isEmpty()) {
      return new CtlInvocation.Failure(
          "--timeout: expected seconds, such as 30 or 30s; 0 for no limit", SEE_HELP);
    }
    boolean wait =
        switch (row.waiting) {
          case NO, YES -> true;
          case IF_ASKED -> line.hasMatchedOption("--wait");
          case UNLESS_TOLD -> !line.hasMatchedOption("--no-wait");
        };
    String socket =
        line.matchedOptionValue("--socket", environment.getOrDefault("ARBITER_CONTROL_SOCKET", ""));
    String arbiter =
        line.matchedOptionValue("--name", environment.getOrDefault("ARBITER_NAME", "arbiter"));
    return new CtlInvocation.Ask(
        line.hasMatchedOption("--now") ? name + "-now" : name,
        number.get(),
        wait,
        socket.isEmpty()
            ? SocketPath.candidates(arbiter, environment)
            : List.of(Path.of(socket).toAbsolutePath()),
        socket.isEmpty() ? arbiter : "",
        line.hasMatchedOption("--json"),
        timeout.get());
  }

  private static Optional<Integer> number(String word, Row row) {
    if (!word.matches("[0-9]{1,4}")) {
      return Optional.empty();
    }
    int number = Integer.parseInt(word);
    return row.number.equals("N") && (number < 1 || number > MOST_WORKERS)
        ? Optional.empty()
        : Optional.of(number);
  }

  private static Optional<Duration> timeout(String text, Duration usual) {
    if (text.isEmpty()) {
      return Optional.of(usual);
    }
    String seconds = text.toLowerCase(Locale.ROOT).replaceFirst("s$", "");
    return seconds.matches("[0-9]{1,7}")
        ? Optional.of(Duration.ofSeconds(Long.parseLong(seconds)))
        : Optional.empty();
  }

  private static CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("arbiterctl");
    spec.parser().expandAtFiles(false).overwrittenOptionsAllowed(true);
    spec.addOption(text("-s", "--socket", "PATH"))
        .addOption(text("-n", "--name", "NAME"))
        .addOption(text("-t", "--timeout", "SECONDS"));
    for (String[] names :
        new String[][] {
          {"--json"}, {"--wait"}, {"--now"}, {"--no-wait"}, {"-h", "--help"}, {"-v", "--version"}
        }) {
      spec.addOption(OptionSpec.builder(names).type(boolean.class).build());
    }
    return spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build());
  }

  private static OptionSpec text(String shortName, String longName, String value) {
    return OptionSpec.builder(shortName, longName).type(String.class).paramLabel(value).build();
  }

  private static String usage(Row row) {
    return "arbiterctl " + row.usage();
  }

  /** Every command as it is used, and what it does. */
  static Map<String, String> commands() {
    Map<String, String> commands = new LinkedHashMap<>();
    ROWS.forEach(row -> commands.put(row.usage(), row.help));
    return commands;
  }

  static String help() {
    StringBuilder text = new StringBuilder("Usage: arbiterctl [OPTIONS] COMMAND\n\n");
    text.append("Speaks to a running arbiter through its control socket.\n\nCommands:\n");
    for (Row row : ROWS) {
      text.append("  %-26s%s\n".formatted(row.usage(), row.help));
    }
    return text.append(
            """

            Options:
              -n, --name NAME           The arbiter of that --name (default: arbiter)
              -s, --socket PATH         The arbiter with that --control-socket
                  --json                Print JSON
                  --wait                Wait for the outcome, and exit with it
              -t, --timeout SECONDS     Wait no longer for the answer; 0: no limit (default: 30 for
                                        what only shows something, else no limit)
              -h, --help                Show this
              -v, --version             Show the version

            Without --socket, ARBITER_CONTROL_SOCKET names it; without --name, ARBITER_NAME. Looked for in
            $XDG_RUNTIME_DIR/arbiter, then in /run/arbiter.

            Exit codes:
              0    done, or taken up where it does not wait
              1    tried and failed, refused, or no answer in time
              2    wrong usage
              3    no arbiter is there, or it may not be spoken to
            """)
        .toString();
  }
}
