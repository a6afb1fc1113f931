package dev.arbiter.settings;

import static dev.arbiter.settings.Draft.AT_START;
import static dev.arbiter.settings.Draft.LATER;
import static dev.arbiter.settings.Draft.NO_FLAG;
import static dev.arbiter.settings.Draft.PATHS;
import static dev.arbiter.settings.Draft.REPEATED;
import static dev.arbiter.settings.Draft.WORDS;
import static dev.arbiter.settings.Draft.address;
import static dev.arbiter.settings.Draft.bare;
import static dev.arbiter.settings.Draft.choice;
import static dev.arbiter.settings.Draft.duration;
import static dev.arbiter.settings.Draft.flag;
import static dev.arbiter.settings.Draft.group;
import static dev.arbiter.settings.Draft.key;
import static dev.arbiter.settings.Draft.means;
import static dev.arbiter.settings.Draft.mode;
import static dev.arbiter.settings.Draft.notYet;
import static dev.arbiter.settings.Draft.onOff;
import static dev.arbiter.settings.Draft.pairs;
import static dev.arbiter.settings.Draft.path;
import static dev.arbiter.settings.Draft.size;
import static dev.arbiter.settings.Draft.text;
import static dev.arbiter.settings.Draft.whole;
import static dev.arbiter.settings.Draft.wholeOrAuto;

import java.util.List;
import java.util.stream.Stream;

/** The rows about what runs, where it listens and in which processes. */
final class ProcessSettings {

  private static final long MEBI = 1L << 20;
  private static final long TEBI = 1L << 40;
  private static final long MANY = 1_000_000_000_000L;

  private ProcessSettings() {}

  static List<Setting> rows() {
    return Stream.of(app(), bind(), workers(), recycle()).flatMap(List::stream).toList();
  }

  private static List<Setting> app() {
    return group(
        Group.APP,
        text(
            "app",
            "MODULE:CLASS[::FACTORY]",
            "",
            "The app: a jar, class folder, .java file or package, then the class in it; "
                + "::FACTORY names a static method that returns the app",
            NO_FLAG,
            key("wsgi-app")),
        path("app-dir", ".", "Folder in which the app is looked up, relative to --chdir"),
        path(
            "classpath",
            "",
            "Jars and class folders of the app, with colons between them; may be repeated",
            PATHS,
            flag("-cp", "--class-path")),
        onOff(
            "factory",
            false,
            "The class makes the app with its static method app(), as CLASS::app"),
        choice(
            "interface",
            "auto|blocking|async|jdk",
            "auto",
            "Which contract the app is written to; auto looks at its type",
            means("blocking", "wsgi"),
            means("async", "asgi", "asgi2", "asgi3")),
        choice(
            "lifespan",
            "auto|on|off",
            "auto",
            "Call the app's start-up and shutdown: auto and on do, off does not",
            flag("--asgi-lifespan")),
        text("root-path", "PATH", "", "Path under which a proxy in front serves the app"),
        pairs(
            "env",
            "A variable for the workers' environment; may be repeated",
            flag("-e"),
            key("raw-env")),
        path(
            "env-file",
            "",
            "A file of NAME=VALUE lines for the workers' environment; variables that exist "
                + "already win"),
        path("chdir", "", "Folder the workers run in, and other paths are relative to", AT_START),
        path("java", "", "The workers' JDK: its home, or its java; the arbiter's own unless set"),
        text(
            "java-opts",
            "OPTIONS",
            "",
            "JVM options for the workers, such as \"-Xss512k -Dkey=value\"; %{nr}, %{gen} "
                + "and %{pid} stand for slot, generation and, in the names of files, the worker's process id; may be "
                + "repeated",
            WORDS));
  }

  private static List<Setting> bind() {
    return group(
        Group.BIND,
        address(
            "bind",
            "127.0.0.1:8000",
            "Where to listen: HOST:PORT, :PORT (all interfaces), [::1]:PORT, unix:PATH, "
                + "unix:@NAME, fd://NUMBER or fd://NAME for a socket that was passed to the arbiter "
                + "(systemd, LISTEN_FDNAMES); may be repeated",
            REPEATED,
            flag("-b")),
        text("host", "HOST", "", "Host to listen on, makes one bind with --port"),
        whole(
            "port",
            0,
            65_535,
            "",
            "a port has 16 bits",
            "Port to listen on, makes one bind with --host; 0 lets the kernel choose"),
        path("uds", "", "Unix socket to listen on, the same as --bind unix:PATH"),
        whole(
            "fd",
            0,
            999_999,
            "",
            "",
            "Inherited socket to listen on, the same as --bind fd://NUMBER"),
        whole(
            "backlog",
            1,
            65_535,
            "2048",
            "the kernel counts in 16 bits",
            "Connections the kernel queues for each listener; it caps this at net.core.somaxconn"),
        mode("uds-permissions", "0666", "Permissions of Unix sockets, in octal"),
        text(
            "uds-owner",
            "USER:GROUP",
            "",
            "Owner of Unix sockets: USER, USER:GROUP or :GROUP, names or numbers; the arbiter's "
                + "own unless set"),
        onOff(
            "reuse-port",
            false,
            "A queue for each of --workers (or --max-workers) at every TCP address; the arbiter "
                + "holds all, and neighbours serve the queue of a worker that cannot",
            AT_START),
        address(
            "insecure-bind",
            "",
            "Where to listen without TLS beside --bind, which speaks TLS where there is a "
                + "--certfile; may be repeated",
            REPEATED));
  }

  private static List<Setting> workers() {
    return group(
        Group.WORKERS,
        text(
            "worker-class",
            "KIND",
            "netty",
            "The kind of worker",
            flag("-k"),
            notYet("jar"),
            means("sync", "gthread"),
            means(
                "netty",
                "gevent",
                "eventlet",
                "tornado",
                "gevent_wsgi",
                "gevent_pywsgi",
                "asgi",
                "uvicorn.workers.UvicornWorker",
                "uvicorn.workers.UvicornH11Worker",
                "uvicorn_worker.UvicornWorker",
                "uvicorn_worker.UvicornH11Worker")),
        wholeOrAuto(
            "workers",
            1,
            1024,
            "1",
            "each one is a JVM of its own",
            "Worker processes; auto is one for each core and 256M of memory, at least 2 where there "
                + "are 512M",
            flag("-w")),
        whole(
            "threads",
            1,
            100_000,
            "",
            "a worker cannot work at that many requests at once",
            "sync: requests a worker handles at once; netty: its event loops. Without it, "
                + "the kind decides"),
        whole(
            "worker-connections",
            0,
            1_000_000,
            "1000",
            "0 switches the limit off",
            "Open connections of a worker; at the limit it stops accepting. 0: no limit"),
        size(
            "worker-heap",
            16 * MEBI,
            TEBI,
            "",
            "a JVM needs at least that much",
            "Java heap of each worker; without it, a share of --memory"),
        size(
            "memory",
            64 * MEBI,
            64 * TEBI,
            "",
            "no fleet runs in less",
            "Memory for the whole fleet, with its arbiter; without it, what the cgroup or the "
                + "machine has. A sum that does not fit is refused"),
        choice(
            "loop",
            "auto|epoll|nio|io_uring",
            "auto",
            "Event loop of the netty worker",
            flag("--asgi-loop"),
            means("auto", "uvloop", "asyncio", "none"),
            means("epoll", "io_uring")),
        whole(
            "spares",
            0,
            64,
            "0",
            "",
            "Workers kept ready beside those that serve, to take the place of one that dies"),
        whole(
            "min-workers",
            0,
            1024,
            "",
            "",
            "Fewest workers when their number follows the load; without it, --workers"),
        whole("max-workers", 0, 1024, "", "", "Most workers; given, their number follows the load"),
        text(
            "user",
            "USER",
            "",
            "User the workers run as, name or number; the arbiter, as root, binds and stays root",
            AT_START,
            flag("-u")),
        text(
            "group",
            "GROUP",
            "",
            "Group the workers run as, name or number; without it, the first of --user",
            AT_START,
            flag("-g")),
        onOff(
            "initgroups",
            false,
            "Give workers all groups their --user is in; else they have the one alone",
            AT_START),
        mode(
            "umask",
            "",
            "File mode mask of the workers, in octal; without it, that of the arbiter",
            flag("-m")),
        whole(
            "worker-priority",
            -20,
            19,
            "",
            "the kernel has no others",
            "Nice value of the workers; without it, that of the arbiter"),
        choice(
            "preload",
            "off|on|archive",
            "off",
            "Start workers from an archive that carries their warm-up",
            LATER,
            bare("on"),
            means("off", "on"),
            key("preload-app")));
  }

  private static List<Setting> recycle() {
    return group(
        Group.RECYCLE,
        whole(
            "max-requests",
            0,
            MANY,
            "0",
            "0 switches it off",
            "Replace a worker after that many requests; 0: never",
            flag("--limit-max-requests")),
        whole(
            "max-requests-jitter",
            0,
            MANY,
            "0",
            "0 switches it off",
            "Add a random number up to this one to --max-requests, so that workers are not "
                + "replaced all at once",
            flag("--limit-max-requests-jitter")),
        duration("max-lifetime", "0", "Replace a worker that has served for this long. 0: never"),
        duration(
            "max-lifetime-jitter",
            "0",
            "Add a random time up to this one to --max-lifetime, so that workers are not "
                + "replaced all at once"),
        size(
            "max-rss",
            0,
            TEBI,
            "0",
            "",
            "Replace a worker whose resident memory is larger than this. 0: never"),
        size(
            "max-rss-hard",
            0,
            TEBI,
            "0",
            "0 switches it off",
            "A worker whose memory grows beyond this leaves at once, before it is replaced; 0: never"),
        whole(
            "max-heap-after-gc",
            0,
            100,
            "0",
            "a percentage",
            "Replace a worker whose heap is fuller than this after a collection, in percent of "
                + "what it may grow to; the log says whether it has been growing. 0: never"),
        size(
            "max-metaspace",
            0,
            TEBI,
            "0",
            "",
            "Replace a worker whose class metadata takes more than this. 0: never"),
        size(
            "max-direct",
            0,
            TEBI,
            "0",
            "",
            "Replace a worker whose buffers outside the heap take more than this, those of its "
                + "network library among them. 0: never"));
  }
}
