package dev.arbiter.settings;

import static dev.arbiter.settings.Draft.AT_START;
import static dev.arbiter.settings.Draft.LATER;
import static dev.arbiter.settings.Draft.NO_FLAG;
import static dev.arbiter.settings.Draft.PATHS;
import static dev.arbiter.settings.Draft.REPEATED;
import static dev.arbiter.settings.Draft.address;
import static dev.arbiter.settings.Draft.choice;
import static dev.arbiter.settings.Draft.duration;
import static dev.arbiter.settings.Draft.flag;
import static dev.arbiter.settings.Draft.group;
import static dev.arbiter.settings.Draft.key;
import static dev.arbiter.settings.Draft.means;
import static dev.arbiter.settings.Draft.mode;
import static dev.arbiter.settings.Draft.nothing;
import static dev.arbiter.settings.Draft.onOff;
import static dev.arbiter.settings.Draft.path;
import static dev.arbiter.settings.Draft.size;
import static dev.arbiter.settings.Draft.syslog;
import static dev.arbiter.settings.Draft.text;
import static dev.arbiter.settings.Draft.whole;

import dev.arbiter.worker.Syslog;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The rows about what an operator sees, and those other servers have and a JVM has no use for. */
final class LogSettings {

  static final String ACCESS_FORMAT =
      "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"";

  private LogSettings() {}

  static List<Setting> rows() {
    return Stream.of(log(), observe(), hooks(), foreign()).flatMap(List::stream).toList();
  }

  private static List<Setting> log() {
    return group(
        Group.LOG,
        choice(
            "log-level",
            "trace|debug|info|warning|error|critical",
            "info",
            "Least important lines to log",
            key("loglevel"),
            means("warning", "warn"),
            AT_START),
        onOff("access-log", false, "Log a line for each request"),
        path(
            "access-logfile",
            "-",
            "File of the access log, - for standard output; naming one switches the access log on",
            key("accesslog")),
        text(
            "access-logformat",
            "FORMAT",
            ACCESS_FORMAT,
            "Format of a line of the access log; json is an object in each line",
            key("access-log-format")),
        path(
            "error-logfile",
            "-",
            "File of the arbiter's own log, - for standard error",
            flag("--log-file"),
            key("errorlog"),
            AT_START),
        onOff(
            "capture-output",
            false,
            "Log what workers print",
            nothing("what workers print is always logged")),
        path(
            "log-config",
            "",
            "A Log4j 2 file, in XML, JSON or properties, for the arbiter's own log, which writes as "
                + "the logger arbiter; its levels and appenders count in place of --log-level, "
                + "--error-logfile, --log-format and --use-colors",
            key("logconfig"),
            AT_START),
        choice(
            "log-format",
            "text|json",
            "text",
            "Form of the arbiter's own log: json is an object in each line",
            AT_START),
        onOff(
            "use-colors",
            "Colours in the arbiter's own log on standard error; unless set, on a terminal, without "
                + "NO_COLOR and TERM=dumb",
            AT_START),
        onOff(
            "log-syslog",
            false,
            "Send the arbiter's own log to syslog as well, and a line for each request",
            key("syslog"),
            AT_START),
        syslog(
            "log-syslog-to",
            "udp://localhost:514",
            "Where syslog listens: udp://HOST:PORT, tcp://HOST:PORT, unix:PATH for datagrams or "
                + "unix:PATH#stream",
            key("syslog-addr"),
            AT_START),
        choice(
            "log-syslog-facility",
            String.join("|", Syslog.FACILITIES),
            "user",
            "Facility of lines to syslog, such as user, daemon, or local0 to local7",
            key("syslog-facility"),
            AT_START),
        text(
            "log-syslog-prefix",
            "NAME",
            "",
            "What lines to syslog are from; without it, --name",
            key("syslog-prefix"),
            AT_START),
        onOff(
            "disable-redirect-access-to-syslog",
            false,
            "Send syslog no line for each request",
            AT_START),
        path(
            "log-config-json",
            "",
            "The same as --log-config, in JSON whatever the file's name",
            key("logconfig-json"),
            AT_START),
        text(
            "logconfig-dict",
            "TABLE",
            "",
            "The same in the settings file, as a table: [logconfig-dict.Configuration.Appenders.Console] "
                + "and so on",
            NO_FLAG,
            AT_START));
  }

  private static List<Setting> observe() {
    return group(
        Group.OBSERVE,
        address(
            "status-bind",
            "",
            "Where the arbiter answers /live, /ready and /status.json: HOST:PORT or unix:PATH",
            AT_START),
        text("statsd-host", "ADDRESS", "", "Where statistics are sent", LATER),
        text("statsd-prefix", "PREFIX", "", "Prefix of statistics", LATER),
        text("dogstatsd-tags", "TAGS", "", "Tags of statistics", LATER),
        onOff("enable-backlog-metric", false, "Measure the listeners' queues", LATER),
        path(
            "control-socket",
            "",
            "Socket of arbiterctl; without it $XDG_RUNTIME_DIR/arbiter/NAME.sock, or for root"
                + " /run/arbiter/NAME.sock, where NAME is --name",
            AT_START),
        mode(
            "control-socket-mode",
            "0600",
            "Permissions of the control socket: a mode that lets the group write admits the group",
            AT_START),
        onOff(
            "no-control-socket",
            false,
            "No control socket",
            key("control-socket-disable"),
            AT_START),
        path(
            "incident-dir",
            "",
            "Folder for evidence about sick and dead workers; unless set, incidents in the "
                + "service manager's or the user's folder for state, or else in the one for "
                + "temporary files",
            AT_START),
        whole(
            "incident-keep",
            0,
            1_000_000,
            "20",
            "",
            "Incidents to keep; the oldest are deleted. 0 keeps none",
            AT_START),
        size(
            "incident-size",
            1L << 20,
            1L << 50,
            "512M",
            "the newest incident is kept whatever its size",
            "Room that incidents may take together; the oldest are deleted",
            AT_START),
        onOff(
            "heap-dump-on-oom",
            false,
            "A worker that runs out of memory writes its heap into its incident, which takes as "
                + "much room as the heap and as much time as writing it"));
  }

  private static List<Setting> hooks() {
    return group(
        Group.HOOKS,
        text(
            "hooks",
            "MODULE:CLASS",
            "",
            "A class whose methods are called at certain moments, in the arbiter and in workers",
            AT_START),
        path(
            "hooks-classpath",
            "",
            "Jars and class folders of the hooks, with colons between them; without it, those of "
                + "the app. May be repeated",
            PATHS,
            AT_START),
        duration(
            "hooks-timeout",
            Duration.ofMillis(100),
            Duration.ofHours(1),
            "a hook that is never given up would silence all others",
            "10s",
            "A hook in the arbiter that takes longer is interrupted, and others are left out "
                + "until it returns",
            AT_START),
        text(
            "server-hooks",
            "FUNCTION",
            "",
            "Gunicorn's hooks",
            NO_FLAG,
            nothing("hooks are methods of the class that --hooks names, see docs/hooks.md"),
            key(
                "on-starting",
                "on-reload",
                "when-ready",
                "pre-fork",
                "post-fork",
                "pre-spawn",
                "post-spawn",
                "post-worker-init",
                "worker-int",
                "worker-abort",
                "pre-exec",
                "pre-request",
                "post-request",
                "child-exit",
                "worker-exit",
                "nworkers-changed",
                "on-exit",
                "ssl-context",
                "ssl-context-factory",
                "callback-notify",
                "on-dirty-starting",
                "dirty-post-fork",
                "dirty-worker-init",
                "dirty-worker-exit")));
  }

  private static List<Setting> foreign() {
    String python = "it is about Python";
    String helpers = "threads of a worker do what takes long, beside its requests";
    String heartbeat = "beats go through a pipe, not a file";
    return group(
        Group.FOREIGN,
        text(
            "reload-engine",
            "NAME",
            "",
            "How Gunicorn watches files",
            nothing("there is one way to watch files")),
        onOff("spew", false, "Trace every line", nothing(python)),
        path("worker-tmp-dir", "", "Folder of the heartbeat file", nothing(heartbeat)),
        path(
            "tmp-upload-dir",
            "",
            "Folder of uploads",
            nothing("bodies are not kept in files"),
            NO_FLAG),
        text("pythonpath", "PATHS", "", "Python's path", nothing(python + "; see --classpath")),
        text("paste", "FILE", "", "A PasteDeploy file", nothing(python), flag("--paster")),
        text(
            "paste-global",
            "NAME=VALUE",
            "",
            "A PasteDeploy variable",
            nothing(python),
            REPEATED,
            key("raw-paste-global-conf")),
        text(
            "default-proc-name",
            "NAME",
            "",
            "Gunicorn's own default for --name",
            nothing("--name has its own default"),
            NO_FLAG),
        text(
            "http-parser",
            "NAME",
            "",
            "Gunicorn's HTTP parser",
            nothing("each kind of worker has one parser")),
        text(
            "h11-max-incomplete-event-size",
            "BYTES",
            "",
            "Limit of Uvicorn's parser",
            nothing(
                "see --limit-request-line, --limit-request-fields and --limit-request-field-size")),
        onOff("reset-contextvars", false, "A fresh context for each request", nothing(python)),
        onOff("suppress-ragged-eofs", true, "A switch of Python's TLS", nothing(python)),
        onOff("do-handshake-on-connect", false, "A switch of Python's TLS", nothing(python)),
        onOff(
            "enable-stdio-inheritance",
            false,
            "Keep standard output when in the background",
            nothing("standard output is always kept"),
            flag("-R")),
        duration(
            "asgi-disconnect-grace-period",
            "3s",
            "Time before an app whose client has gone is cancelled",
            nothing("apps are told and not cancelled")),
        text("logger-class", "CLASS", "", "Gunicorn's logger", nothing(python)),
        text(
            "dirty-app",
            "APP",
            "",
            "App of a pool of helper processes; may be repeated",
            REPEATED,
            nothing(helpers),
            key("dirty-apps")),
        whole("dirty-workers", 0, 1024, "0", "", "Helper processes", nothing(helpers)),
        duration("dirty-timeout", "300s", "Limit of a helper's task", nothing(helpers)),
        whole("dirty-threads", 1, 1024, "1", "", "Threads of a helper", nothing(helpers)),
        duration("dirty-graceful-timeout", "30s", "Time for a helper to finish", nothing(helpers)));
  }
}
