package dev.arbiter.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator types, and what comes of it. */
final class CommandLineTest {

  @TempDir Path cwd;
  private final Map<String, String> environment = new HashMap<>();

  private Invocation read(String line) {
    return ArbiterCommand.read(line.isEmpty() ? new String[0] : line.split(" "), environment, cwd);
  }

  private Config config(String line) {
    Invocation invocation = read(line);
    assertThat(invocation).isInstanceOf(Invocation.Run.class);
    return ((Invocation.Run) invocation).config();
  }

  private String failure(String line) {
    Invocation invocation = read(line);
    assertThat(invocation).isInstanceOf(Invocation.Failure.class);
    Invocation.Failure failure = (Invocation.Failure) invocation;
    assertThat(failure.exitCode()).isEqualTo(2);
    assertThat(failure.message()).doesNotContain("\n").isNotEmpty();
    assertThat(failure.hint()).doesNotContain("\n");
    return failure.message();
  }

  private void file(String text) throws IOException {
    Files.writeString(cwd.resolve("arbiter.toml"), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-w4",
        "-w 4",
        "-w=4",
        "--workers=4",
        "--workers 4",
        "-w 2 -w 4",
        "-w 2 --workers 4"
      })
  void everySpellingOfAValueIsTaken(String line) {
    assertThat(config(line).number("workers")).isEqualTo(4);
  }

  @Test
  void theTwoCommandLinesOfTheReadmeRun() {
    Config netty = config("-k netty -w 4 app:App");
    assertThat(netty.text("worker-class")).isEqualTo("netty");
    assertThat(netty.text("app")).isEqualTo("app:App");
    Config sync = config("-k sync -w 4 --threads 64 app:App");
    assertThat(sync.number("threads")).isEqualTo(64);
    assertThat(sync.binds()).hasToString("[127.0.0.1:8000]");
  }

  @ParameterizedTest
  @CsvSource({
    "--limit-max-requests 50, max-requests, 50",
    "--timeout-keep-alive 7, keep-alive, 7000",
    "--keep-alive 7, keep-alive, 7000",
    "--timeout-graceful-shutdown 1m, graceful-timeout, 60000",
    "-t 90, timeout, 90000",
    "--limit-request-field_size 8k, limit-request-field-size, 8192",
    "--log-file x.log, error-logfile, x.log",
    "--asgi-lifespan off, lifespan, off",
    "-n shop, name, shop",
    "-p /run/a.pid, pid, /run/a.pid",
  })
  void secondNamesWork(String line, String name, String canonical) {
    assertThat(config(line).forWorker()).containsEntry(name, canonical);
  }

  @ParameterizedTest
  @CsvSource({
    "--access-log, true",
    "--no-access-log, false",
    "--access-log --no-access-log, false",
    "--no-access-log --access-log, true",
    "--access-logfile -, true",
    "--access-logfile a.log, true",
    "--access-logfile a.log --no-access-log, false",
    "'', false",
  })
  void theAccessLogIsOffUntilAskedFor(String line, boolean on) {
    assertThat(config(line).flag("access-log")).isEqualTo(on);
  }

  @Test
  void aStrongerPlaceNamingTheAccessLogFileSwitchesItOn() throws IOException {
    file("access-log = false");
    assertThat(config("--access-logfile -").flag("access-log")).isTrue();
    environment.put("ARBITER_ACCESS_LOG", "off");
    file("access-logfile = \"a.log\"");
    assertThat(config("").flag("access-log")).isFalse();
  }

  @Test
  void placesBeatEachOtherInTheDocumentedOrder() throws IOException {
    assertThat(config("").number("workers")).isEqualTo(1);
    assertThat(config("").source("workers")).hasToString("default");
    environment.put("WEB_CONCURRENCY", "2");
    assertThat(config("").number("workers")).isEqualTo(2);
    assertThat(config("").source("workers")).hasToString("WEB_CONCURRENCY");
    file("# fleet\nworkers = 3");
    assertThat(config("").number("workers")).isEqualTo(3);
    assertThat(config("").source("workers")).hasToString("arbiter.toml:2:1");
    environment.put("ARBITER_WORKERS", "4");
    assertThat(config("").number("workers")).isEqualTo(4);
    assertThat(config("").source("workers")).hasToString("ARBITER_WORKERS");
    environment.put("ARBITER_ARGS", "-w 5 --name 'a b'");
    assertThat(config("").number("workers")).isEqualTo(5);
    assertThat(config("").source("workers")).hasToString("ARBITER_ARGS -w");
    assertThat(config("").text("name")).isEqualTo("a b");
    assertThat(config("--workers 6").number("workers")).isEqualTo(6);
    assertThat(config("--workers 6").source("workers")).hasToString("--workers");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-b a:1 -b b:2                  | a:1 b:2",
        "-b :80                         | :80",
        "--host 0.0.0.0                 | 0.0.0.0:8000",
        "--port 9000                    | 127.0.0.1:9000",
        "--port 0                       | 127.0.0.1:0",
        "--host ::1 --port 9000         | [::1]:9000",
        "--uds /run/a.sock              | unix:/run/a.sock",
        "--uds @a                       | unix:@a",
        "--fd 3                         | fd://3",
        "-b a:1 --port 9 --uds x --fd 4 | a:1 127.0.0.1:9 unix:x fd://4",
        "-b localhost                   | localhost:8000",
        "-b tcp://a:1                   | a:1",
        "-b unix:///run/a.sock          | unix:/run/a.sock",
      })
  void waysToSayWhereToListen(String line, String binds) {
    assertThat(config(line).list("bind")).containsExactly(binds.split(" "));
  }

  @Test
  void theStrongestPlaceThatNamesAnAddressDecidesThemAll() throws IOException {
    environment.put("PORT", "5000");
    assertThat(config("").list("bind")).containsExactly("0.0.0.0:5000");
    assertThat(config("--host ::1").list("bind")).containsExactly("[::1]:5000");
    file("bind = [\"10.0.0.1:80\", \"unix:/run/a\"]");
    assertThat(config("").list("bind")).containsExactly("10.0.0.1:80", "unix:/run/a");
    assertThat(config("--port 9").list("bind")).containsExactly("127.0.0.1:9");
    file("host = \"10.0.0.1\"");
    assertThat(config("--port 9").list("bind")).containsExactly("10.0.0.1:9");
    assertThat(config("-b x:1").list("bind")).containsExactly("x:1");
  }

  @ParameterizedTest
  @CsvSource({
    "-k gthread, sync",
    "-k sync, sync",
    "-k gevent, netty",
    "-k eventlet, netty",
    "-k tornado, netty",
    "-k uvicorn.workers.UvicornWorker, netty",
    "-k uvicorn_worker.UvicornWorker, netty",
    "-k echo, echo",
  })
  void kindsOfOtherServersHaveTheirCounterparts(String line, String kind) {
    Config config = config(line);
    assertThat(config.text("worker-class")).isEqualTo(kind);
    boolean same = line.endsWith(" " + kind);
    assertThat(config.notices()).hasSize(same ? 0 : 1).allMatch(notice -> notice.contains(kind));
  }

  @ParameterizedTest
  @CsvSource({
    "--loop uvloop, --loop uvloop means loop auto here",
    "--loop io_uring, --loop io_uring means loop epoll here",
    "--http httptools, --http httptools means http auto here",
    "--http h11, --http h11 means http 1 here",
    "--http-protocols h2, --http-protocols h2 means http 2 here",
    "'--http 1 --http-protocols h2,h1', '--http-protocols h2,h1 means http auto here'",
    "--log-config a.xml --log-level debug, --log-level does nothing beside --log-config",
    "--ws websockets, --ws websockets means ws auto here",
    "--interface asgi3, --interface asgi3 means interface async here",
    "--preload app:App, --preload on does nothing here: it means preload off",
    "--spew, --spew does nothing here: it is about Python",
    "--worker-tmp-dir /dev/shm, '--worker-tmp-dir does nothing here: beats go through a pipe, not a file'",
    "--dirty-workers 5, '--dirty-workers does nothing here: threads of a worker do what takes long, beside its requests'",
    "--reload-engine poll, --reload-engine does nothing here: there is one way to watch files",
    "--max-requests-jitter 5, --max-requests-jitter does nothing without max-requests",
    "--timeout 2 --heartbeat-interval 1s, --heartbeat-interval 1s is longer than a quarter of timeout 2s; 500ms is used",
    "--keep-alive 45s, '--keep-alive 45s and graceful-timeout 30s: a worker that leaves closes idle connections after 28s, while their clients may still use them; give graceful-timeout 2s more than keep-alive'",
    "--graceful-timeout 1, 'keep-alive 5s and --graceful-timeout 1s: a worker that leaves closes idle connections after 0, while their clients may still use them; give graceful-timeout 2s more than keep-alive'",
  })
  void whatMeansSomethingElseHereIsSaidOnce(String line, String notice) {
    assertThat(config(line).notices()).containsExactly(notice);
  }

  @Test
  void theAppAfterAFlagWithAnOptionalValueIsTheApp() {
    assertThat(config("--preload app:App").text("app")).isEqualTo("app:App");
    assertThat(config("--preload off app:App").text("app")).isEqualTo("app:App");
    assertThat(config("--proxy-protocol off app:App").text("app")).isEqualTo("app:App");
    assertThat(failure("--preload archive app:App"))
        .isEqualTo("--preload is not in this release (value archive)");
    Config bare = config("--proxy-protocol app:App");
    assertThat(bare.text("app")).isEqualTo("app:App");
    assertThat(bare.text("proxy-protocol")).isEqualTo("auto");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--keep-alive 28s",
        "--keep-alive 75s --graceful-timeout 77s",
        "--keep-alive 75s --graceful-timeout 0",
        "--keep-alive 0",
        "--keep-alive 75s --reload",
      })
  void whereNoOtherTimesWouldHelpThereIsNothingToTell(String line) {
    assertThat(config(line).notices()).isEmpty();
  }

  @Test
  void aShortTimeoutShortensTheBeatWithoutAWord() {
    assertThat(config("--timeout 2").duration("heartbeat-interval"))
        .isEqualTo(Duration.ofMillis(500));
    assertThat(config("--timeout 2").notices()).isEmpty();
    assertThat(config("--timeout 0").duration("heartbeat-interval"))
        .isEqualTo(Duration.ofSeconds(1));
  }

  @ParameterizedTest
  @CsvSource({
    "-k jar, -k jar is not in this release",
    "--preload archive, --preload is not in this release (value archive)",
    "--statsd-prefix a, --statsd-prefix is not in this release (value a)",
    "--statsd-prefix=b, --statsd-prefix is not in this release (value b)",
    "--statsd-host localhost:8125, --statsd-host is not in this release (value localhost:8125)",
    "--dogstatsd-tags a:b, --dogstatsd-tags is not in this release (value a:b)",
    "--enable-backlog-metric, --enable-backlog-metric is not in this release",
  })
  void whatALaterReleaseHasIsRefusedByName(String line, String message) {
    assertThat(failure(line)).isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--no-reload",
        "--no-daemon",
        "--no-sendfile",
        "--no-compress",
        "--ws none",
        "--ws auto",
        "--http 1",
        "--loop epoll",
        "--protocol http",
        "--uwsgi-allow-from 127.0.0.1,::1",
      })
  void askingForNothingOfALaterReleaseIsFine(String line) {
    assertThat(config(line).notices()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "--worker 3        ¦ --worker: no flag has this name; the nearest is --workers",
        "--wrokers=3       ¦ --wrokers=3: no flag has this name; the nearest is --workers",
        "--timout 3        ¦ --timout: no flag has this name; the nearest is --timeout",
        "--acess-log       ¦ --acess-log: no flag has this name; the nearest is --access-log",
        "--keepalive 3     ¦ --keepalive: no flag has this name; the nearest is --keep-alive",
        "--frobnicate      ¦ --frobnicate: no flag has this name",
        "-Z                ¦ -Z: no flag has this name",
        "a:A b:B           ¦ b:B: expected one app, and that is a:A already",
        "-w                ¦ --workers: expected a value (N|auto)",
        "-w --timeout 3    ¦ --workers: expected a value (N|auto)",
        "-w many           ¦ -w many: expected a whole number from 1 to 1024, or auto",
        "-w 0              ¦ -w 0: expected a whole number from 1 to 1024, or auto: each one is a JVM of its own",
        "--workers 99999   ¦ --workers 99999: expected a whole number from 1 to 1024, or auto: each one is a JVM of its own",
        "--workers -1      ¦ --workers -1: expected a whole number from 1 to 1024, or auto: each one is a JVM of its own",
        "--static assets=b ¦ --static assets=b: expected a path and a folder such as /assets=public",
        "--static /assets  ¦ --static /assets: expected a path and a folder such as /assets=public",
        "--static /assets= ¦ --static /assets=: expected a path and a folder such as /assets=public",
        "--timeout soon    ¦ --timeout soon: expected a duration such as 30, 30s, 500ms or 1h30m",
        "--timeout -5      ¦ --timeout -5: expected a duration such as 30, 30s, 500ms or 1h30m",
        "--timeout 9999d   ¦ --timeout 9999d: expected a duration from 0 to 365d: longer than a year is taken for a mistake; 0 switches it off",
        "--keep-alive 0.0001 ¦ --keep-alive 0.0001: expected at least 1ms, or 0 for off",
        "--worker-heap 1   ¦ --worker-heap 1: expected a size from 16M to 1T: a JVM needs at least that much",
        "--worker-heap big ¦ --worker-heap big: expected a size such as 512, 64k, 16M or 1G",
        "--log-level inof  ¦ --log-level inof: expected one of trace, debug, info, warning, error, critical; the nearest is info",
        "-b 1.2.3.400:80   ¦ -b 1.2.3.400:80: expected an IPv4 address of four numbers from 0 to 255",
        "-b a:99999        ¦ -b a:99999: expected a port from 0 to 65535 after the colon",
        "-b a:x            ¦ -b a:x: expected a port from 0 to 65535 after the colon",
        "-b ::1            ¦ -b ::1: expected an IPv6 address in brackets, as in [::1]:8000",
        "-b http://a:1     ¦ -b http://a:1: expected HOST:PORT without a scheme or path",
        "-b unix:          ¦ -b unix:: expected a path after unix:, such as unix:/run/app.sock",
        "-b fd://3x        ¦ -b fd://3x: expected the number or name of an inherited socket, such as fd://3 (1 and 2 are the output)",
        "-b a:1 -b a:1     ¦ -b a:1: the same address twice",
        "--host a!b        ¦ --host a!b: expected HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, fd://NUMBER or fd://NAME",
        "--port 70000      ¦ --port 70000: expected a whole number from 0 to 65535: a port has 16 bits",
        "-e NAME           ¦ -e NAME: expected NAME=VALUE",
        "--header X-A      ¦ --header X-A: expected a header such as X-Frame-Options:DENY, in ASCII",
        "--header Connection:close ¦ --header Connection:close: expected a header other than Connection, which the worker makes itself",
        "--proxy-protocol=v3 ¦ --proxy-protocol v3: expected one of off, v1, v2, auto; the nearest is v1",
        "--forwarded-allow-ips proxy ¦ --forwarded-allow-ips proxy: expected addresses such as 10.0.0.1, networks such as 10.0.0.0/8, or *, with commas between them",
        "--proxy-allow-from ::1,10.0.0.0/40 ¦ --proxy-allow-from ::1,10.0.0.0/40: expected addresses such as 10.0.0.1, networks such as 10.0.0.0/8, or *, with commas between them; not 10.0.0.0/40",
        "--http-protocols h4 ¦ --http-protocols h4: expected h1, h2, or both with a comma between",
        "--http-protocols h2,h3 ¦ --http-protocols h2,h3: h3 is not in this release",
        "--log-config a --log-config-json b ¦ --log-config and --log-config-json: expected one of them",
        "--log-syslog-to here ¦ --log-syslog-to here: expected udp://HOST:PORT, tcp://HOST:PORT or unix:PATH, such as unix:/dev/log",
        "--log-syslog-to unix:/dev/log#seq ¦ --log-syslog-to unix:/dev/log#seq: expected #dgram or #stream after the path, as in unix:/dev/log",
        "--log-syslog-facility loca0 ¦ --log-syslog-facility loca0: expected one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, ntp, audit, alert, clock, local0, local1, local2, local3, local4, local5, local6, local7; the nearest is local0",
        "init a b ¦ init a b: expected one folder, or none for the current one",
        "--uds-permissions 999 ¦ --uds-permissions 999: expected permissions in octal such as 0660",
        "--heartbeat-interval 0 ¦ --heartbeat-interval 0: expected a duration from 10ms to 1m: workers always beat; --timeout 0 ignores silence",
        "--memory 1G --worker-heap 1G -w 2 ¦ --worker-heap 1G: expected at most a share of --memory 1G for each of 2 workers",
        "--chdir nowhere   ¦ --chdir nowhere: expected a folder that exists",
        "-c missing.toml   ¦ -c missing.toml: the settings file cannot be read: no such file",
        "-c gunicorn.conf.py ¦ -c gunicorn.conf.py: expected a TOML file",
        "--env-file missing ¦ --env-file missing: cannot be read: no such file",
        "--access-log=maybe ¦ --access-log=maybe: expected no value",
      })
  void aMistakeIsOneLine(String line, String message) {
    assertThat(failure(line)).isEqualTo(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "wrokers = 3        | arbiter.toml:1:1: wrokers = 3: no setting has this name; the nearest is workers",
        "workers = \"4\"    | arbiter.toml:1:1: workers = \"4\": expected a whole number without quotes, or \"auto\"",
        "workers = 4.5      | arbiter.toml:1:1: workers = 4.5: expected a whole number without quotes, or \"auto\"",
        "workers = 0        | arbiter.toml:1:1: workers = 0: expected a whole number from 1 to 1024, or auto: each one is a JVM of its own",
        "timeout = true     | arbiter.toml:1:1: timeout = true: expected seconds, or a text such as \"500ms\" or \"1h30m\"",
        "limit-request-line = true | arbiter.toml:1:1: limit-request-line = true: expected bytes, or a text such as \"64k\" or \"1G\"",
        "`  worker-heap = []` | arbiter.toml:1:3: worker-heap = []: expected bytes, or a text such as \"64k\" or \"1G\"",
        "timeout = \"soon\" | arbiter.toml:1:1: timeout = \"soon\": expected a duration such as 30, 30s, 500ms or 1h30m",
        "access-log = \"no\" | arbiter.toml:1:1: access-log = \"no\": expected true or false, without quotes",
        "name = [\"a\"]     | arbiter.toml:1:1: name = [\"a\"]: expected a text in quotes",
        "bind = [1]         | arbiter.toml:1:1: bind = [1]: expected texts in the list",
        "preload = \"archive\" | arbiter.toml:1:1: preload is not in this release (value archive)",
        "secure_scheme_headers = {a = 1} | arbiter.toml:1:1: secure_scheme_headers = {...}: expected a text for a",
        "config = \"x\"     | arbiter.toml:1:1: config = \"x\": a settings file cannot name another one",
      })
  void aMistakeInTheFileNamesItsPlace(String text, String message) throws IOException {
    file(text);
    assertThat(failure("")).isEqualTo(message);
  }

  @Test
  void aFileThatIsNotTomlNamesThePlace() throws IOException {
    file("workers = 4\ntimeout = = 3\n");
    assertThat(failure("")).startsWith("arbiter.toml:2:1").contains("=");
    file("workers = 4\nworkers = 5\n");
    assertThat(failure("")).startsWith("arbiter.toml:2:1: ").contains("workers");
    file("keep-alive = 4\nkeepalive = 5\n");
    assertThat(failure(""))
        .isEqualTo(
            "arbiter.toml:1:1: keep-alive and arbiter.toml:2:1: keepalive name the same setting"
                + " (keep-alive)");
  }

  @ParameterizedTest
  @CsvSource({
    "ARBITER_WORKERS, many, 'ARBITER_WORKERS=many: expected a whole number from 1 to 1024, or auto'",
    "ARBITER_WROKERS, 4, ARBITER_WROKERS=4: no setting has this name; the nearest is ARBITER_WORKERS",
    "ARBITER_PRELOAD, archive, ARBITER_PRELOAD is not in this release (value archive)",
    "ARBITER_ARGS, --wrokers 4, ARBITER_ARGS: --wrokers: no flag has this name; the nearest is --workers",
    "ARBITER_ARGS, -w many, 'ARBITER_ARGS: -w many: expected a whole number from 1 to 1024, or auto'",
    "ARBITER_ARGS, --help, ARBITER_ARGS: --help: only for the command line",
    "PORT, http, PORT=http: expected a whole number from 0 to 65535",
    "WEB_CONCURRENCY, x, 'WEB_CONCURRENCY=x: expected a whole number from 1 to 1024, or auto'",
  })
  void aMistakeInTheEnvironmentNamesTheVariable(String name, String value, String message) {
    environment.put(name, value);
    assertThat(failure("")).isEqualTo(message);
  }

  @Test
  void whatWorkersAreToldOfProxiesAndLimits() throws IOException {
    Map<String, String> defaults = config("").forWorker();
    assertThat(defaults)
        .containsEntry("proxy-headers", "true")
        .containsEntry("forwarded-allow-ips", "127.0.0.1,::1")
        .containsEntry("proxy-protocol", "off")
        .containsEntry("proxy-allow-from", "127.0.0.1,::1")
        .containsEntry("forwarder-headers", "SCRIPT_NAME,PATH_INFO")
        .containsEntry("header-map", "drop")
        .containsEntry("limit-concurrency", "0")
        .containsEntry("worker-connections", "1000")
        .doesNotContainKey("header");
    assertThat(
            config(
                    "--no-proxy-headers --proxy-protocol --limit-concurrency 8 --header A:1 --header B:2")
                .forWorker())
        .containsEntry("proxy-headers", "false")
        .containsEntry("proxy-protocol", "auto")
        .containsEntry("limit-concurrency", "8")
        .containsEntry("header", "A:1\nB:2");
    file("forwarded_allow_ips = \"\"\nproxy_allow_ips = \"10.0.0.0/8\"\nheaders = [\"A: 1\"]");
    assertThat(config("").forWorker())
        .as("nobody is trusted")
        .doesNotContainKey("forwarded-allow-ips")
        .containsEntry("proxy-allow-from", "10.0.0.0/8")
        .containsEntry("header", "A:1");
  }

  @Test
  void variablesThatOnlyLookLikeOursAreLeftAlone() {
    environment.putAll(
        Map.of(
            "ARBITER_PORT", "tcp://10.0.0.1:80",
            "ARBITER_PORT_80_TCP_ADDR", "10.0.0.1",
            "ARBITER_SERVICE_HOST", "10.0.0.1",
            "ARBITER_HOME", "/opt/arbiter",
            "ARBITER_NAME", "",
            "FORWARDED_ALLOW_IPS", "*"));
    Config config = config("");
    assertThat(config.list("bind")).containsExactly("127.0.0.1:8000");
    assertThat(config.text("name")).isEqualTo("arbiter");
    assertThat(config.notices()).hasSize(3);
    assertThat(config.text("forwarded-allow-ips")).isEqualTo("*");
    assertThat(config.source("forwarded-allow-ips")).hasToString("FORWARDED_ALLOW_IPS");
  }

  @Test
  void listsInTheEnvironment() {
    environment.put("ARBITER_BIND", "a:1 unix:/run/a");
    environment.put("ARBITER_ENV", "A=1 'B=x y'");
    environment.put("ARBITER_CLASSPATH", "a.jar:b.jar");
    environment.put("ARBITER_JAVA_OPTS", "-Xss1m \"-Dx=a b\"");
    Config config = config("");
    assertThat(config.list("bind")).containsExactly("a:1", "unix:/run/a");
    assertThat(config.list("env")).containsExactly("A=1", "B=x y");
    assertThat(config.list("classpath")).containsExactly("a.jar", "b.jar");
    assertThat(config.list("java-opts")).containsExactly("-Xss1m", "-Dx=a b");
  }

  @Test
  void listsOnTheCommandLine() {
    Config config =
        config(
            "-cp a.jar:b.jar -cp c -e A=1 -e B=2 --java-opts -Xss1m --java-opts=-Da=b --java-opts -De=f");
    assertThat(config.list("classpath")).containsExactly("a.jar", "b.jar", "c");
    assertThat(config.list("env")).containsExactly("A=1", "B=2");
    assertThat(config.list("java-opts")).containsExactly("-Xss1m", "-Da=b", "-De=f");
  }

  @Test
  void theFileIsFoundInChdirThenHere() throws IOException {
    Path folder = Files.createDirectory(cwd.resolve("site"));
    file("workers = 2");
    assertThat(config("--chdir site").number("workers")).isEqualTo(2);
    Files.writeString(folder.resolve("arbiter.toml"), "workers = 3");
    assertThat(config("--chdir site").number("workers")).isEqualTo(3);
    assertThat(config("--chdir site").source("workers")).hasToString("site/arbiter.toml:1:1");
    Files.writeString(cwd.resolve("other.toml"), "workers = 4");
    assertThat(config("--chdir site -c other.toml").number("workers")).isEqualTo(4);
    environment.put("ARBITER_CONFIG", "file:other.toml");
    assertThat(config("").number("workers")).isEqualTo(4);
  }

  @Test
  void pathsAreRelativeToChdir() throws IOException {
    Files.createDirectory(cwd.resolve("site"));
    Config config = config("--chdir site --pid run/a.pid --error-logfile /var/log/a.log");
    assertThat(config.directory()).isEqualTo(cwd.resolve("site"));
    assertThat(config.path("pid")).isEqualTo(cwd.resolve("site/run/a.pid"));
    assertThat(config.path("error-logfile")).isEqualTo(Path.of("/var/log/a.log"));
    assertThat(config.has("env-file")).isFalse();
  }

  @Test
  void theWorkersEnvironment() throws IOException {
    Files.writeString(cwd.resolve("dev.env"), "A=file\nB=file\nC=file\n");
    Config config = config("--env-file dev.env -e B=flag -e A=flag");
    assertThat(config.environment(Map.of("A", "base", "C", "base", "D", "base")))
        .isEqualTo(Map.of("A", "flag", "B", "flag", "C", "base", "D", "base"));
  }

  @Test
  void actionsWinOverMistakes() {
    assertThat(read("--help --frobnicate")).isInstanceOf(Invocation.Help.class);
    assertThat(read("-h")).isInstanceOf(Invocation.Help.class);
    assertThat(read("--version -w many")).isInstanceOf(Invocation.Version.class);
    assertThat(read("--print-config app:App")).isInstanceOf(Invocation.PrintConfig.class);
    assertThat(read("--check-config app:App")).isInstanceOf(Invocation.CheckConfig.class);
    assertThat(failure("--print-config -w many")).startsWith("-w many");
  }

  @Test
  void noAppIsForTheCallerToJudge() {
    assertThat(config("").has("app")).isFalse();
    assertThat(config("").text("app")).isEmpty();
  }

  @Test
  void printedSettingsReadBackAsTheyWere() throws IOException {
    String line =
        "-k sync -w 3 -b :80 -b unix:@a -t 90 --keep-alive 1h30m --limit-request-body 16M -e A=b\"c"
            + " --java-opts -Xss1m -cp a.jar:b.jar --access-logfile a.log --no-date-header"
            + " --uds-permissions 660 --access-logformat %(h)s\\n\"x\" app:App";
    Config before = config(line);
    file(before.print());
    Config after = config("");
    assertThat(after.forWorker()).containsKey("config").containsAllEntriesOf(before.forWorker());
    assertThat(after.list("env")).isEqualTo(before.list("env"));
    assertThat(after.differences(before)).extracting(Config.Change::name).containsExactly("config");
  }

  @Test
  void printedSettingsNameTheirSources() throws IOException {
    file("timeout = \"90s\"\nbackup = 1".replace("backup = 1", ""));
    environment.put("ARBITER_NAME", "shop");
    Invocation invocation = read("--print-config -w 4 --port 9000 app:App");
    assertThat(((Invocation.PrintConfig) invocation).config().print())
        .contains("# Workers\nworker-class = \"netty\"  # default\nworkers = 4  # -w\n")
        .contains("\ntimeout = \"1m30s\"  # arbiter.toml:1:1\n")
        .contains("\nname = \"shop\"  # ARBITER_NAME\n")
        .contains("\nbind = [\"127.0.0.1:9000\"]  # --port\n")
        .contains("\n# threads is not set  # default\n")
        .contains("# App\napp = \"app:App\"  # command line\n")
        .contains("\n# config = ");
  }

  @Test
  void aReloadReadsTheFileAgainAndKnowsWhatItCannotChange() throws IOException {
    file("workers = 2\nreuse-port = false\n");
    Config before = config("-t 60");
    file("workers = 3\nreuse-port = true\ntimeout = 5\n");
    Config after = reread(before);
    assertThat(after.number("workers")).isEqualTo(3);
    assertThat(after.duration("timeout")).isEqualTo(Duration.ofMinutes(1));
    assertThat(before.differences(after)).hasToString("[reuse-port (false, now true)]");
    assertThat(before.differences(before)).isEmpty();
  }

  private static Config reread(Config config) {
    try {
      return config.reread();
    } catch (dev.arbiter.settings.SettingsException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void workersAreToldCanonicalForms() {
    Map<String, String> told =
        config(
                "--keep-alive 1h --limit-request-line 4k --no-date-header -e S=x -cp a:b"
                    + " --static /a=b --static /c=d=e --no-sendfile")
            .forWorker();
    assertThat(told)
        .containsEntry("keep-alive", "3600000")
        .containsEntry("limit-request-line", "4096")
        .containsEntry("date-header", "false")
        .containsEntry("classpath", "a\nb")
        .containsEntry("static", "/a=b\n/c=d=e")
        .containsEntry("sendfile", "false")
        .containsEntry("timeout", "30000")
        .doesNotContainKeys("env", "threads", "certfile", "spew");
  }

  private String help(String line) {
    return ((Invocation.Help) read(line)).text();
  }

  @Test
  void helpFitsAScreenAndNamesItsGroups() {
    String help = help("--help");
    assertThat(help)
        .startsWith("Usage: arbiter ")
        .contains("  -w, --workers N|auto ")
        .contains("arbiter init")
        .contains("  app bind workers recycle ");
    assertThat(help.lines())
        .as("with the prompt on a terminal of 24 lines")
        .hasSizeLessThan(24)
        .allMatch(line -> line.length() <= 80);
  }

  @Test
  void helpOfAGroupHasItsFlags() {
    assertThat(help("--help recycle"))
        .startsWith("Recycle:\n")
        .contains("--max-requests, --limit-max-requests N")
        .doesNotContain("--workers");
    assertThat(help("--help general")).contains("(ARBITER_KEEP_ALIVE)", "Durations: ");
    assertThat(help("-h LOG")).contains("--[no-]access-log");
    assertThat(help("--help signals"))
        .contains("Signals:\n")
        .contains("\nExit codes:\n")
        .contains("HUP", "TERM", "INT", "USR1", "USR2", "TTIN", "WINCH", "QUIT");
  }

  @Test
  void anUnknownGroupOfHelpIsNamed() {
    assertThat(failure("--help wokers"))
        .startsWith("--help wokers: expected one of app, bind, workers, ")
        .endsWith("; the nearest is workers");
  }

  @Test
  void helpWithAllHasEverySetting() {
    String help = help("--help all");
    assertThat(help)
        .contains("(default: 30s)")
        .contains("\nExit codes:\n")
        .contains("\nWorkers:\n");
    assertThat(dev.arbiter.settings.Settings.here())
        .allMatch(
            setting ->
                setting.flags().stream().allMatch(flag -> help.contains(flag.replace("--", ""))));
    assertThat(help.lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void theVersionIsThatOfTheBuild() throws IOException {
    String version = ((Invocation.Version) read("--version")).text();
    String pom = Files.readString(Path.of("pom.xml"));
    assertThat(pom).contains("<version>" + ArbiterCommand.VERSION + "</version>");
    assertThat(version).startsWith("arbiter " + ArbiterCommand.VERSION + " (JDK ");
  }
}
