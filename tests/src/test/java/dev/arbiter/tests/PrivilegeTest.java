package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An arbiter that is root, with workers that are not. */
@Tag("slow")
final class PrivilegeTest {
  private static final String SECRET = "swordfish";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @BeforeEach
  void asRoot() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root may change users");
    // Workers pass through the test's folder, and have the temporary one for theirs.
    mode(arbiters.folder().resolveSibling(""), "rwx--x--x");
    Files.setAttribute(arbiters.tmp(), "unix:mode", 01777); // as /tmp
  }

  @Test
  void workersHaveTheirUserAndNothingOfTheArbiters() throws Exception {
    arbiters.expectError("Worker ");
    SourceApp.write(
        arbiters.folder(),
        SourceApp.blocking(
            "look(request.path())",
            """
            static final java.util.List<byte[]> KEPT = new java.util.ArrayList<>();

            static String look(String path) throws Exception {
              java.nio.file.Path proc = java.nio.file.Path.of("/proc/self");
              return switch (path) {
                case "/status" -> java.nio.file.Files.readString(proc.resolve("status"));
                case "/nice" ->
                    java.nio.file.Files.readString(proc.resolve("stat"))
                        .replaceAll("^.*\\\\) ", "").split(" ")[16];
                case "/environment" -> System.getenv().toString();
                case "/signal" ->
                    "" + new ProcessBuilder("sh", "-c", "kill -TERM " + parent()).start().waitFor();
                case "/control" -> {
                  try (var channel =
                      java.nio.channels.SocketChannel.open(
                          java.net.UnixDomainSocketAddress.of(System.getenv("CONTROL")))) {
                    yield "connected";
                  } catch (java.io.IOException refused) {
                    yield "refused";
                  }
                }
                case "/oom" -> {
                  while (true) {
                    KEPT.add(new byte[1 << 20]);
                  }
                }
                default -> "";
              };
            }

            static long parent() {
              return ProcessHandle.current().parent().orElseThrow().pid();
            }
            """));
    Path logs = Files.createDirectory(arbiters.folder().resolve("logs"));
    mode(logs, "rwxr-xr-x");
    Path access = logs.resolve("access.log");
    Path variables =
        Files.writeString(arbiters.folder().resolve("variables"), "DATABASE_PASSWORD=" + SECRET);
    Path control = arbiters.run().resolve("arbiter.sock");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .env("ARBITER_SSL_KEYFILE_PASSWORD", SECRET)
            .args("--user", "nobody", "--group", "www-data", "--umask", "027")
            .args("--worker-priority", "5", "--access-logfile", access.toString())
            .args("--control-socket", control.toString(), "--env", "CONTROL=" + control)
            .args("--env-file", variables.toString())
            .args("--certfile", Certificates.make(arbiters.folder(), "site").toString())
            .args("--insecure-bind", "127.0.0.1:0")
            .args("--worker-heap", "64M", "--heap-dump-on-oom")
            .app("--chdir", arbiters.folder().toString(), "app:App")
            .start();
    long worker;

    try (RawClient client = arbiter.connect()) {
      worker = client.pid();
      assertThat(client.get("/status").body())
          .containsPattern("Uid:\\s65534\\s65534\\s65534\\s65534\n")
          .containsPattern("Gid:\\s33\\s33\\s33\\s33\n")
          .containsPattern("Groups:\\s*\n")
          .containsPattern("Umask:\\s0027\n")
          .containsPattern("CapEff:\\s0+\n")
          .containsPattern("CapInh:\\s0+\n");
      assertThat(client.get("/nice").body()).isEqualTo("5");
      assertThat(client.get("/environment").body())
          .contains("DATABASE_PASSWORD=" + SECRET, "USER=nobody", "HOME=/nonexistent")
          .doesNotContain("ARBITER_SSL", "ARBITER_INCIDENT_DIR", "XDG_RUNTIME_DIR", "HOME=/root");
      assertThat(client.get("/signal").body()).as("kill of the arbiter").isNotEqualTo("0");
      assertThat(client.get("/control").body()).isEqualTo("refused");

      // Workers cannot make files in that folder: the arbiter does it for them.
      assertThat(Files.getOwner(access).getName()).isEqualTo("nobody");
      Path rotated = logs.resolve("access.log.1");
      Files.move(access, rotated);
      arbiter.signal(Os.Signal.USR1);
      Await.until("the log is made anew", Limits.ANSWER, () -> Files.exists(access));
      Await.until(
          "the worker has opened it",
          Limits.ANSWER,
          () -> {
            client.get("/after");
            return Files.readString(access).contains("GET /after");
          });
      assertThat(Files.getOwner(access).getName()).isEqualTo("nobody");
    }
    for (long process : arbiters.processes()) {
      assertThat(Proc.commandLine(process)).doesNotContain(SECRET);
    }
    assertThat(Proc.status(arbiter.pid(), "Uid").orElseThrow()).startsWith("0");

    // What its JVM writes when it dies ends among the arbiter's incidents, for root alone.
    try (RawClient client = arbiter.connectTo(worker)) {
      client.request("/oom");
      Incident incident = Incident.await(arbiters.incidents(), worker, Limits.CHANGE);
      Path dump = incident.folder().resolve("heap.hprof");
      assertThat(dump).isNotEmptyFile();
      assertThat(Files.getOwner(dump).getName()).isEqualTo("root");
      assertThat(Files.getPosixFilePermissions(incident.folder()))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
      try (Stream<Path> files = Files.list(incident.folder())) {
        for (Path file : files.filter(path -> !path.equals(dump)).toList()) {
          assertThat(Files.readString(file)).as(file.toString()).doesNotContain(SECRET);
        }
      }
    }
    assertThat(arbiter.log().lines()).noneMatch(line -> line.text().contains(SECRET));

    Ctl settings =
        Ctl.run(
            arbiters,
            List.of(
                Command.HOME.resolve("bin/arbiter").toAbsolutePath().toString(),
                "--certfile",
                arbiters.folder().resolve("site.pem").toString(),
                "--ssl-keyfile-password",
                "file:" + variables,
                "--print-config"));
    assertThat(settings.exitCode()).as(settings.err()).isZero();
    assertThat(settings.out()).doesNotContain(SECRET);
  }

  /** In a mount namespace of its own: its users may be in more groups than they really are. */
  @Test
  void workersHaveTheGroupsTheirUserIsInWhereAskedTo() throws Exception {
    Process mounts = new ProcessBuilder("unshare", "--mount", "true").start();
    assumeTrue(mounts.waitFor() == 0, "only who may mount can give a user other groups");
    Path groups =
        Files.writeString(
            arbiters.folder().resolve("group"),
            Files.readString(Path.of("/etc/group")) + "\nshop:x:7001:nobody\nfood:x:7002:nobody\n");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .under("unshare", "--mount", "sh", "-c", "mount --bind $0 /etc/group && exec \"$@\"")
            .under(groups.toString())
            .kind("netty")
            .args("--user", "nobody", "--group", "www-data", "--initgroups")
            .faulty()
            .start();

    assertThat(arbiter.workers())
        .hasSize(1)
        .allSatisfy(
            worker -> {
              assertThat(Proc.status(worker, "Gid").orElseThrow()).matches("33(\\s33){3}");
              assertThat(Proc.status(worker, "Groups").orElseThrow().split(" "))
                  .contains("7001", "7002");
            });
    assertThat(Proc.status(arbiter.pid(), "Groups").orElseThrow()).doesNotContain("7001");
  }

  @Test
  void whoCannotBecomeAnotherUserSaysSo() throws Exception {
    Command.Finished unknown =
        arbiters.command().args("--user", "nobody-knows").faulty().run(Limits.START);
    arbiters.expectError("there is no such user|only root may start workers");
    assertThat(unknown.exitCode()).isEqualTo(2);
    unknown
        .log()
        .await(Pattern.compile("--user nobody-knows: there is no such user"), Limits.ANSWER);

    Command.Finished notRoot =
        arbiters
            .command()
            .under("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
            .args("--user", "www-data")
            .faulty()
            .run(Limits.START);
    assertThat(notRoot.exitCode()).isEqualTo(2);
    notRoot
        .log()
        .await(Pattern.compile("only root may start workers as another user"), Limits.ANSWER);
  }

  private static void mode(Path path, String permissions) throws Exception {
    assertThat(Files.isSymbolicLink(path)).isFalse();
    assertThat(Files.exists(path, LinkOption.NOFOLLOW_LINKS)).isTrue();
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }
}
