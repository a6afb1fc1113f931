package dev.arbiter.settings;

import static dev.arbiter.settings.Draft.AT_START;
import static dev.arbiter.settings.Draft.REPEATED;
import static dev.arbiter.settings.Draft.canary;
import static dev.arbiter.settings.Draft.duration;
import static dev.arbiter.settings.Draft.flag;
import static dev.arbiter.settings.Draft.group;
import static dev.arbiter.settings.Draft.key;
import static dev.arbiter.settings.Draft.onOff;
import static dev.arbiter.settings.Draft.path;
import static dev.arbiter.settings.Draft.text;
import static dev.arbiter.settings.Draft.whole;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The rows about limits in time, change, and the arbiter itself. */
final class TimeSettings {

  private TimeSettings() {}

  static List<Setting> rows() {
    return Stream.of(time(), reload(), general(), develop()).flatMap(List::stream).toList();
  }

  private static List<Setting> time() {
    return group(
        Group.TIME,
        duration(
            "timeout",
            "30s",
            "A worker without a beat for this long is silent: its threads are dumped, then "
                + "it is replaced. 0: never",
            flag("-t")),
        duration(
            "heartbeat-interval",
            Duration.ofMillis(10),
            Duration.ofMinutes(1),
            "workers always beat; --timeout 0 ignores silence",
            "1s",
            "Time between two beats of a worker, at most a quarter of --timeout"),
        duration(
            "timeout-notify",
            "30s",
            "How often a worker calls the app's callback_notify. 0: never"),
        duration(
            "boot-timeout",
            "60s",
            "A worker must be ready within this time. 0: no limit",
            key("startup-timeout")),
        duration(
            "graceful-timeout",
            "30s",
            "What is in flight may take this long to finish when a worker leaves. 0: no " + "limit",
            flag("--timeout-graceful-shutdown")),
        duration(
            "keep-alive",
            "5s",
            "An idle connection is closed after this long. 0: no limit",
            flag("--timeout-keep-alive"),
            key("keepalive")),
        duration(
            "header-timeout",
            "10s",
            "The head of a request must arrive within this time. 0: no limit"),
        duration(
            "body-timeout",
            "30s",
            "Longest wait for the next piece of a request's body. 0: no limit"),
        duration(
            "write-timeout",
            "30s",
            "Longest wait for a client to take the next piece of a response. 0: no limit"),
        duration(
            "stream-drain-timeout",
            "5s",
            "A client has this long to answer the close of its WebSocket or of its HTTP/2 "
                + "connection, also when a worker leaves; then it is ended. 0: no limit"),
        duration(
            "drain-delay",
            "0",
            "Workers accept this long after TERM, for load balancers that have not heard of it"),
        duration(
            "timeout-worker-healthcheck",
            "5s",
            "A new worker's answer to --health-path may take this long. 0: no limit"),
        duration(
            "tls-handshake-timeout",
            "10s",
            "A TLS handshake may take this long, from the accepted connection on. 0: no limit"),
        duration(
            "request-timeout",
            "0",
            "A request may take this long, unless the app gives it more. One that is past its "
                + "time by then costs its worker the place: it gets no more connections, its "
                + "threads are dumped and it is replaced. 0: no limit"),
        duration(
            "slow-request-timeout",
            "0",
            "Log a request that takes longer than this, once, with the stack of the thread that "
                + "handles it; nothing is ended. 0: never"));
  }

  private static List<Setting> reload() {
    return group(
        Group.RELOAD,
        text(
            "health-path",
            "PATH",
            "",
            "Path that a new worker must answer with 2xx or 3xx before it serves"),
        duration(
            "probation",
            "10s",
            "How long a reload's first worker serves beside the old ones, and is compared with "
                + "them, before it replaces them. 0: no probation"),
        whole(
            "max-surge",
            0,
            1024,
            "1",
            "0 needs --max-unavailable",
            "Workers that may boot beside those they replace; 0: none, for want of memory"),
        whole(
            "max-unavailable",
            0,
            1024,
            "0",
            "",
            "Slots that may be without a worker while they are replaced"),
        canary(
            "canary",
            "N/T: N workers of a new release serve beside the others for the time T and are "
                + "compared with them; instead of --probation"));
  }

  private static List<Setting> general() {
    return group(
        Group.GENERAL,
        path(
            "config",
            "",
            "Settings file; without it arbiter.toml in --chdir, or else in the current "
                + "folder, if there is one",
            flag("-c"),
            AT_START),
        path(
            "pid",
            "",
            "File that holds the arbiter's process id, from when all workers serve to its end",
            flag("-p"),
            key("pidfile"),
            AT_START),
        text(
            "name",
            "NAME",
            "arbiter",
            "Name of this arbiter in its log",
            flag("-n"),
            key("proc-name"),
            AT_START),
        path(
            "worker-path",
            "",
            "Another folder to look for worker kinds in; may be repeated",
            REPEATED,
            AT_START),
        onOff(
            "daemon",
            false,
            "Run in the background: the command ends when all workers serve, or with the message "
                + "and exit code of what went wrong",
            AT_START,
            flag("-D")));
  }

  private static List<Setting> develop() {
    return group(
        Group.DEVELOP,
        onOff(
            "reload",
            false,
            "For development: compile and replace the worker, one whatever --workers says, when a "
                + "file changes, and serve what is wrong where that fails",
            AT_START),
        path(
            "reload-dir",
            "",
            "Folder to watch, with the folders in it; may be repeated. Without it: --app-dir, and "
                + "the folders and jars of --classpath",
            REPEATED,
            AT_START,
            key("reload-dirs")),
        text(
            "reload-include",
            "GLOB",
            "",
            "More files to watch beside *.java, *.class, *.jar and *.properties; may be repeated",
            REPEATED,
            AT_START,
            key("reload-includes")),
        text(
            "reload-exclude",
            "GLOB",
            "",
            "Files and folders not to watch, beside .*, *~, #*# and node_modules; may be repeated",
            REPEATED,
            AT_START,
            key("reload-excludes")),
        duration(
            "reload-delay",
            Duration.ZERO,
            Duration.ofMinutes(1),
            "the old version is not served meanwhile",
            "250ms",
            "A change is complete when nothing has been written for this long",
            AT_START),
        path(
            "reload-extra-file",
            "",
            "Another file to watch, anywhere, its name perhaps a pattern; may be repeated",
            REPEATED,
            AT_START,
            key("reload-extra-files")));
  }
}
