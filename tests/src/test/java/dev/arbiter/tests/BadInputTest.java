package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an operator gets wrong: one clear line, a hint, and an exit code that says whose fault it
 * is, the same with one worker and with four.
 */
final class BadInputTest {
  /** By the log, or before there is one. */
  private static final Pattern CAUSE = Pattern.compile("^arbiter: |\\[(ERROR|CRITICAL)\\]");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @BeforeEach
  void expectErrors() {
    arbiters.expectError(".");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void missingModule(int workers) throws Exception {
    Command.Finished finished =
        command(workers).app("--chdir", folder(), "nowhere:App").run(Limits.START);

    assertRefused(finished, 4, "nowhere");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void missingClass(int workers) throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"x\""));

    Command.Finished finished =
        command(workers).app("--chdir", folder(), "app:Nobody").run(Limits.START);

    assertRefused(finished, 4, "Nobody");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void constructorThatThrows(int workers) throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "\"x\"",
            "public App() { throw new IllegalStateException(\"no such table: users\"); }"));

    Command.Finished finished = source(workers);

    assertRefused(finished, 4, "no such table: users");
    assertThat(finished.log().text()).contains("App.java:");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void classThatIsNoApp(int workers) throws Exception {
    SourceApp.write(arbiters.folder(), "package app; public final class App { public App() {} }\n");

    Command.Finished finished = source(workers);

    assertRefused(finished, 4, "BlockingApp");
    assertThat(finished.log().text()).contains("AsyncApp");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void sourceThatDoesNotCompile(int workers) throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("notDefined"));

    Command.Finished finished = source(workers);

    assertRefused(finished, 4, "cannot find symbol");
    assertThat(finished.log().text())
        .as("as the compiler shows it")
        .containsPattern("App\\.java:\\d+: error: cannot find symbol")
        .contains("symbol:   variable notDefined");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void appWhoseStartUpFails(int workers) throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "\"x\"",
            "@Override public void startup(Lifespan l) { throw new IllegalStateException(\"no cache\"); }"));

    Command.Finished finished = source(workers);

    assertRefused(finished, 3, "no cache");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void workerThatDiesAtBootShowsItsLastOutput(int workers) throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "\"x\"",
            "@Override public void startup(Lifespan l) {"
                + " for (int i = 0; i < 1000; i++) System.err.println(\"looked at \" + i);"
                + " System.err.println(\"licence file is empty\"); System.exit(9); }"));

    Command.Finished finished = source(workers);

    assertRefused(finished, 3, "licence file is empty");
    assertThat(finished.log().text()).containsPattern("\\b9\\b");
  }

  @Tag("slow")
  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void bootThatTakesTooLong(int workers) throws Exception {
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "\"x\"",
            "@Override public void startup(Lifespan l) throws Exception { waitForever(); }"
                + " static void waitForever() throws Exception"
                + " { new java.util.concurrent.CountDownLatch(1).await(); }"));

    Command.Finished finished =
        command(workers)
            .args("--boot-timeout", "5")
            .app("--chdir", folder(), "app:App")
            .run(Limits.START);

    assertThat(finished.exitCode()).isEqualTo(3);
    assertOneClearLine(finished); // and a dump, which begins in frames of ours
    assertThat(finished.log().text())
        .contains("was not ready within 5 s (--boot-timeout)")
        .as("where it hangs")
        .contains("waitForever");
  }

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 4})
  void portThatIsTakenNamesItsHolder(int workers) throws Exception {
    try (ServerSocket holder = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Command.Finished finished =
          command(workers).bind("127.0.0.1:" + holder.getLocalPort()).faulty().run(Limits.START);

      assertRefused(finished, 5, Integer.toString(holder.getLocalPort()));
      assertThat(finished.log().text()).contains(Long.toString(ProcessHandle.current().pid()));
      assertThat(finished.took()).as("it tried for 3 s").isGreaterThan(Duration.ofSeconds(2));
    }
  }

  @Test
  void portThatBecomesFreeInTimeIsTaken() throws Exception {
    ArbiterProcess arbiter;
    int port = Ports.free();
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      arbiter = command(1).bind("127.0.0.1:" + port).faulty().launch();
      arbiter.log().await(Pattern.compile(Integer.toString(port)), Limits.START);
    }

    arbiter.awaitReady(1);
    assertThat(arbiter.port()).isEqualTo(port);
  }

  @Test
  void portThatIsNotPermitted() throws Exception {
    Path start = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    // Not Files.readString: it reads a file of size 0 byte by byte, which this one answers once.
    try (BufferedReader reader = Files.newBufferedReader(start)) {
      int first = Integer.parseInt(String.valueOf(reader.readLine()).strip());
      assumeTrue(first > 81, "low ports are special");
    }
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "setpriv is installed");

    Command.Finished finished =
        command(1)
            .under("setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-all")
            .bind("127.0.0.1:81")
            .faulty()
            .run(Limits.START);

    assertRefused(finished, 5, "(?i)permi");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        "127.0.0.1:http",
        "300.1.1.1:8000",
        "[::1:8000",
        "unix:",
        "fd://x",
        "fd://99",
        "no-such-host.invalid:8000"
      })
  void badAddress(String address) throws Exception {
    Command.Finished finished = command(1).bind(address).faulty().run(Limits.START);

    assertRefused(finished, 2, Pattern.quote(address));
  }

  @ParameterizedTest
  @CsvSource({
    "--workers,0",
    "--workers,-3",
    "--workers,100000000",
    "--workers,four",
    "--timeout,-1",
    "--timeout,soon",
    "--timeout,99999999999999999999",
    "--threads,-2",
    "--max-requests,-5",
    "--backlog,many",
    "--keep-alive,2x"
  })
  void absurdNumber(String flag, String value) throws Exception {
    Command.Finished finished =
        arbiters
            .command()
            .args("-k", "netty", "-b", "127.0.0.1:0", flag + "=" + value)
            .faulty()
            .runBare(Limits.START);

    assertRefused(finished, 2, Pattern.quote(value));
    assertThat(finished.log().text()).contains(flag.substring(2));
  }

  @Test
  void unknownFlagSuggestsTheNearest() throws Exception {
    Command.Finished finished =
        arbiters.command().args("--wrokers", "2").faulty().runBare(Limits.START);

    assertRefused(finished, 2, "--wrokers");
    assertThat(finished.log().text()).contains("--workers");
  }

  @Test
  void unknownKeyInTheFileIsNamedWithItsPlace() throws Exception {
    Path file =
        Files.writeString(arbiters.folder().resolve("arbiter.toml"), "timeout = 5\nwrokers = 2\n");

    Command.Finished finished =
        arbiters.command().args("-c", file.toString()).faulty().runBare(Limits.START);

    assertRefused(finished, 2, "wrokers");
    assertThat(finished.log().text()).contains("arbiter.toml:2").contains("workers");
  }

  @Test
  void unknownKindIsNamedWithTheKnownOnes() throws Exception {
    Command.Finished finished =
        arbiters.command().args("-k", "nety", "-b", "127.0.0.1:0").faulty().runBare(Limits.START);

    assertRefused(finished, 2, "-k nety: expected one of netty, sync; the nearest is netty");
  }

  @ParameterizedTest
  @CsvSource({"--http,2", "--h2c,upgrade", "--ssl-provider,openssl"})
  void whatTheKindCannotDoIsRefusedBeforeAWorkerStarts(String flag, String value) throws Exception {
    Command.Finished finished =
        arbiters
            .command()
            .args("-k", "sync", "-b", "127.0.0.1:0", flag, value)
            .faulty()
            .run(Limits.START);

    assertRefused(finished, 2, flag + " " + value + ": the sync worker kind cannot do that");
    assertThat(finished.log().contains(Says.BOOTING)).isFalse();
  }

  @Test
  void whatHasNoEffectWithTheKindIsSaid() throws Exception {
    Command.Finished finished =
        arbiters
            .command()
            .args("-k", "sync", "--check-config", "--loop", "nio")
            .faulty()
            .run(Limits.START);

    assertThat(finished.exitCode()).isZero();
    assertThat(finished.log().text())
        .contains("[WARNING] --loop nio has no effect with the sync worker kind");
  }

  @ParameterizedTest
  @CsvSource({"--preload,archive", "--dogstatsd-tags,a:b", "--statsd-host,localhost"})
  void settingOfALaterReleaseIsRefusedByName(String flag, String value) throws Exception {
    Command.Finished finished =
        arbiters.command().args("-k", "netty", flag, value).faulty().runBare(Limits.START);

    assertRefused(finished, 2, flag);
    assertThat(finished.log().text()).contains("not in this release");
  }

  @Test
  void noAppAtAll() throws Exception {
    Command.Finished finished =
        arbiters.command().args("-k", "netty", "-b", "127.0.0.1:0").runBare(Limits.START);

    assertRefused(finished, 2, "MODULE:CLASS");
  }

  @Test
  void folderToChangeToThatIsMissing() throws Exception {
    Command.Finished finished =
        arbiters
            .command()
            .args("-k", "netty")
            .app("--chdir", "/no/such/folder", "app:App")
            .runBare(Limits.START);

    assertRefused(finished, 2, "/no/such/folder");
  }

  @Test
  void withoutJdk25TheLauncherSaysWhatToInstall() throws Exception {
    // A PATH with the basic tools and no java.
    Path tools = Files.createDirectory(arbiters.folder().resolve("tools"));
    for (String tool : List.of("sh", "sed", "dirname", "readlink", "uname")) {
      Files.createSymbolicLink(tools.resolve(tool), Path.of("/usr/bin", tool));
    }

    Command.Finished finished =
        arbiters
            .command()
            .env("PATH", tools.toString())
            .env("JAVA_HOME", "/no/such/jdk")
            .env("ARBITER_JDK_PATHS", "/no/such/folder")
            .faulty()
            .run(Limits.START);

    assertRefused(finished, 2, "no JDK 25");
    assertThat(finished.log().text()).contains("/no/such/jdk").contains("install");
  }

  private Command.Finished source(int workers) throws IOException, InterruptedException {
    return command(workers).app("--chdir", folder(), "app:App").run(Limits.START);
  }

  private Command command(int workers) {
    return arbiters.command().kind("netty").workers(workers);
  }

  private String folder() {
    return arbiters.folder().toString();
  }

  private static void assertRefused(Command.Finished finished, int exitCode, String regex) {
    assertThat(finished.exitCode()).isEqualTo(exitCode);
    assertThat(finished.log().text()).containsPattern(regex);
    assertOneClearLine(finished);
    assertThat(finished.log().text())
        .as("no trace of our own")
        .doesNotContain("at dev.arbiter.")
        .doesNotContain("Exception in thread");
  }

  /** The cause is said once, not once for each worker, with what to do about it. */
  private static void assertOneClearLine(Command.Finished finished) {
    String text = finished.log().text();
    assertThat(text.lines().filter(line -> CAUSE.matcher(line).find()))
        .as("lines that say what is wrong, in%n%s", text)
        .hasSize(1);
    assertThat(text).as("what to do").containsPattern("(?i)\\bhint: \\S");
  }
}
