package dev.arbiter.upgrade;

import dev.arbiter.process.Privileges;
import dev.arbiter.process.WorkerKind;
import dev.arbiter.release.Release;
import dev.arbiter.release.ReleaseResolver;
import dev.arbiter.release.ResolvedApp;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.settings.Source;
import dev.arbiter.socket.Listener;
import dev.arbiter.upgrade.StateText.Line;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * {@link Handover} as text, but for the fleet itself. What a reader does not know it skips; what is
 * missing is nothing.
 */
final class HandoverText {
  private HandoverText() {}

  static String encode(Handover from) {
    List<Line> lines = new ArrayList<>();
    lines.add(new Line(Handover.NAME).put("format", Handover.FORMAT));
    lines.add(
        new Line("arbiter")
            .put("version", from.version())
            .put("home", from.home())
            .put("pid", from.pid())
            .put("pid-file", from.pidFile())
            .put("scratch", from.scratch()));
    // Also those that were closed: a release that is gone back to takes them once more.
    List<Listener> all =
        Stream.concat(
                from.listeners().stream(),
                from.heritage().releases().stream()
                    .flatMap(release -> release.listeners().stream()))
            .distinct()
            .toList();
    for (int i = 0; i < all.size(); i++) {
      lines.add(encode(i, all.get(i).handOver()));
    }
    for (Listener socket : from.own()) {
      lines.add(
          new Line("own")
              .put("name", socket.name())
              .put("file", socket.handOver().file())
              .put("inode", socket.handOver().inode()));
    }
    from.heritage().releases().forEach(release -> encode(release, all, lines));
    lines.addAll(FleetText.encode(from.heritage()));
    from.heritage()
        .tickets()
        .ifPresent(
            tickets ->
                lines.add(
                    new Line("tickets")
                        .put("secrets", tickets.secrets())
                        .put("rotated-at", tickets.rotatedAt())));
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  private static Line encode(int id, Listener.Handover listener) {
    return new Line("listener")
        .put("id", id)
        .put("key", listener.key())
        .put("fds", numbers(listener.fds()))
        .put("name", listener.name())
        .put("unix", listener.unix())
        .put("inherited", listener.inherited())
        .put("file", listener.file())
        .put("inode", listener.inode())
        .put("open", listener.open());
  }

  private static void encode(Release release, List<Listener> all, List<Line> lines) {
    WorkerKind kind = release.kind();
    ResolvedApp app = release.app();
    lines.add(
        new Line("release")
            .put("generation", release.generation())
            .put("directory", release.directory().toString())
            .put("base", release.config().directory().toString())
            .put("jdk", release.jdk().toString())
            .put("cores", release.machine().cores())
            .put("memory", release.machine().memory())
            .put("memory-limited", release.machine().limited())
            .put("workers", release.workers())
            .put("kind", kind.name())
            .put("kind-main", kind.mainClass())
            .put("kind-classpath", texts(kind.classPath()))
            .put("kind-flags", kind.jvmFlags())
            .put("kind-app", kind.needsApp())
            .put("app-classpath", texts(app.classPath()))
            .put("app-class", app.className())
            .put("app-factory", app.factory())
            .put("hooks-classpath", texts(release.hooks().classPath()))
            .put("hooks-class", release.hooks().className())
            .put("hooks-factory", release.hooks().factory())
            .put("listeners", numbers(release.listeners().stream().map(all::indexOf).toList())));
    release
        .config()
        .values()
        .forEach(
            (name, value) ->
                lines.add(
                    new Line("setting")
                        .put("generation", release.generation())
                        .put("name", name)
                        .put("values", value.texts())
                        .put("by", value.source().kind().name())
                        .put("as", value.source().name())
                        .put("at", value.source().place())));
    release
        .config()
        .envFile()
        .forEach(
            (name, value) ->
                lines.add(
                    new Line("env-file")
                        .put("generation", release.generation())
                        .put("name", name)
                        .put("value", value)));
  }

  /**
   * @throws IllegalArgumentException it is of a format that this arbiter does not read
   */
  static Handover decode(String text) {
    List<Line> lines = text.lines().map(Line::parse).toList();
    Line head = lines.isEmpty() ? new Line("") : lines.getFirst();
    if (!head.kind().equals(Handover.NAME)
        || head.small("format") < Handover.OLDEST
        || head.small("format") > Handover.FORMAT) {
      throw new IllegalArgumentException("unknown format: " + head);
    }
    Line arbiter = Line.only("arbiter", lines);
    Map<Integer, Listener> listeners = new TreeMap<>();
    Line.all("listener", lines).forEach(line -> listeners.put(line.small("id"), listener(line)));
    return new Handover(
        arbiter.text("version"),
        arbiter.text("home"),
        arbiter.number("pid"),
        arbiter.path("pid-file"),
        arbiter.path("scratch"),
        listeners.values().stream().filter(Listener::isOpen).toList(),
        Line.all("own", lines).stream().map(HandoverText::own).toList(),
        new Heritage(
            FleetText.fleet(lines),
            Line.all("release", lines).stream()
                .map(line -> release(line, listeners, lines))
                .toList(),
            FleetText.crew(lines),
            Line.all("tickets", lines).stream()
                .findFirst()
                .map(
                    line ->
                        new Heritage.Tickets(line.list("secrets"), line.number("rotated-at")))));
  }

  private static Listener own(Line line) {
    return Listener.takeOver(
        new Listener.Handover(
            "",
            List.of(),
            line.text("name"),
            true,
            false,
            line.text("file"),
            line.text("inode"),
            true));
  }

  private static Listener listener(Line line) {
    return Listener.takeOver(
        new Listener.Handover(
            line.text("key"),
            numbers(line, "fds"),
            line.text("name"),
            line.flag("unix"),
            line.flag("inherited"),
            line.text("file"),
            line.text("inode"),
            line.flag("open")));
  }

  private static Release release(Line line, Map<Integer, Listener> listeners, List<Line> lines) {
    long generation = line.number("generation");
    Map<String, Config.Value> settings = new TreeMap<>();
    Map<String, String> envFile = new TreeMap<>();
    for (Line other : lines) {
      if (other.number("generation") == generation) {
        switch (other.kind()) {
          case "setting" -> settings.put(other.text("name"), value(other));
          case "env-file" -> envFile.put(other.text("name"), other.text("value"));
          default -> {}
        }
      }
    }
    Config config = Config.carried(settings, envFile, Path.of(line.text("base")));
    WorkerKind kind =
        new WorkerKind(
            line.text("kind"),
            line.text("kind-main"),
            paths(line.list("kind-classpath")),
            line.list("kind-flags"),
            line.flag("kind-app"));
    Machine machine =
        new Machine(line.small("cores"), line.number("memory"), line.flag("memory-limited"));
    return new Release(
        generation,
        config,
        kind,
        new ResolvedApp(
            paths(line.list("app-classpath")), line.text("app-class"), line.text("app-factory")),
        Path.of(line.text("directory")),
        Path.of(line.text("jdk")),
        machine,
        line.small("workers"),
        ReleaseResolver.divide(config, kind, machine),
        new ResolvedApp(
            paths(line.list("hooks-classpath")),
            line.text("hooks-class"),
            line.text("hooks-factory")),
        privileges(config),
        numbers(line, "listeners").stream()
            .map(
                id ->
                    Optional.ofNullable(listeners.get(id))
                        .orElseThrow(() -> new IllegalArgumentException("no listener " + id)))
            .toList());
  }

  private static Privileges privileges(Config config) {
    try {
      return Privileges.of(config);
    } catch (SettingsException e) {
      throw new IllegalArgumentException(e.message(), e);
    }
  }

  /** Where it came from is for people, but for whether it is a default. */
  private static Config.Value value(Line line) {
    Source.Kind kind =
        Line.constant(Source.Kind.class, line.text("by")).orElse(Source.Kind.COMMAND_LINE);
    return new Config.Value(
        line.list("values"), new Source(kind, line.text("as"), line.text("at")));
  }

  private static List<String> numbers(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).toList();
  }

  private static List<Integer> numbers(Line line, String key) {
    return line.list(key).stream().map(Integer::valueOf).toList();
  }

  private static List<String> texts(List<Path> paths) {
    return paths.stream().map(Path::toString).toList();
  }

  private static List<Path> paths(List<String> texts) {
    return texts.stream().map(Path::of).toList();
  }
}
