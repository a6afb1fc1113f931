package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Settings from the command line, the environment and a file; and what only prints. */
final class CommandLineTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void helpListsTheSettings() throws Exception {
    Command.Finished finished = arbiters.command().args("--help").runBare(Limits.START);

    assertThat(finished.exitCode()).isZero();
    assertThat(finished.log().text())
        .contains("--workers")
        .contains("--bind")
        .contains("--graceful-timeout")
        .contains("--max-requests");
    assertThat(finished.log().lines()).allMatch(line -> line.source() == Journal.Source.OUT);
  }

  @Test
  void versionIsPrinted() throws Exception {
    Command.Finished finished = arbiters.command().args("--version").runBare(Limits.START);

    assertThat(finished.exitCode()).isZero();
    assertThat(finished.log().text()).contains("0.1.0");
  }

  @Test
  void printConfigShowsWhereEachValueComesFrom() throws Exception {
    Files.writeString(
        arbiters.folder().resolve("arbiter.toml"),
        "workers = 3\ntimeout = \"45s\"\nbacklog = 100\n");

    Command.Finished finished =
        arbiters
            .command()
            .env("ARBITER_TIMEOUT", "50")
            .env("ARBITER_BACKLOG", "200")
            .args("--backlog", "300", "--print-config")
            .app("app:App")
            .runBare(Limits.START);

    assertThat(finished.exitCode()).isZero();
    assertThat(finished.log().text())
        .containsPattern("(?m)^.*\\bworkers\\b.*\\b3\\b.*arbiter\\.toml.*$")
        .containsPattern("(?m)^.*\\btimeout\\b.*\\b50.*ARBITER_TIMEOUT.*$")
        .containsPattern("(?m)^.*\\bbacklog\\b.*\\b300\\b.*--backlog.*$")
        .containsPattern("(?m)^.*\\bgraceful-timeout\\b.*\\b30.*default.*$");
  }

  @Test
  void checkConfigTriesTheApp() throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"fine\""));

    Command.Finished good =
        arbiters
            .command()
            .args("-k", "netty", "--check-config")
            .app("app:App")
            .runBare(Limits.START);
    assertThat(good.exitCode()).isZero();

    arbiters.expectError(".");
    SourceApp.write(arbiters.folder(), SourceApp.blocking("broken"));
    Command.Finished bad =
        arbiters
            .command()
            .args("-k", "netty", "--check-config")
            .app("app:App")
            .runBare(Limits.START);
    assertThat(bad.exitCode()).isEqualTo(4);
  }

  @Test
  void environmentAndFileOfTheFolderAreRead() throws Exception {
    Files.writeString(
        arbiters.folder().resolve("arbiter.toml"),
        "worker-class = \"sync\"\nthreads = 4\nhost = \"127.0.0.2\"\nport = 0\n");
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"fine\""));

    ArbiterProcess arbiter =
        arbiters.command().env("ARBITER_WORKERS", "2").app("app:App").launchBare().awaitReady(2);

    assertThat(arbiter.workers()).hasSize(2);
    InetAddress host = InetAddress.ofLiteral("127.0.0.2");
    try (RawClient client = RawClient.tcp(new InetSocketAddress(host, arbiter.port()))) {
      assertThat(arbiter.workers()).contains(client.pid());
    }
    assertThat(arbiter.log().contains(Pattern.compile("sync"))).isTrue();
  }

  @Test
  void webConcurrencyAndPortAreObeyed() throws Exception {
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"fine\""));

    ArbiterProcess arbiter =
        arbiters
            .command()
            .env("WEB_CONCURRENCY", "2")
            .env("PORT", "0")
            .args("-k", "netty")
            .app("app:App")
            .launchBare()
            .awaitReady(2);

    assertThat(arbiter.awaitServing(2)).hasSize(2);
  }

  @Test
  void launcherOfTheSourceTreeServesAnExample() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .launcher(Command.REPO.resolve("bin/arbiter"))
            .kind("netty")
            .workers(4)
            .faulty()
            .start();

    assertThat(arbiter.awaitServing(2)).hasSizeGreaterThanOrEqualTo(2);
    assertThat(arbiter.workers()).hasSize(4);
  }
}
