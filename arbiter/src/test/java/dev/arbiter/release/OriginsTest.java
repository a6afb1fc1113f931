package dev.arbiter.release;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.process.Privileges;
import dev.arbiter.process.WorkerKind;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When only the files of TLS are new, and when something else is, too. */
final class OriginsTest {
  @TempDir Path temporary;
  private Path folder;
  private Path certificate;
  private Path key;
  private final Map<String, String> environment = new TreeMap<>();

  @BeforeEach
  void makeApp() throws IOException {
    folder = Files.createDirectories(temporary.resolve("first"));
    certificate = Files.writeString(folder.resolve("cert.pem"), "certificate");
    key = Files.writeString(folder.resolve("key.pem"), "key");
    Files.writeString(Files.createDirectories(folder.resolve("app")).resolve("App.class"), "app");
    Files.writeString(folder.resolve("arbiter.toml"), "workers = 2\n");
    environment.put("ARBITER_CERTFILE", "cert.pem");
    environment.put("ARBITER_KEYFILE", "key.pem");
    environment.put("ARBITER_ERROR_LOGFILE", "error.log");
  }

  private Config config() throws Exception {
    return Config.load(List.of(), environment, folder);
  }

  /** Of a release that was made long after its files were. */
  private Origins origins() throws Exception {
    return origins(System.currentTimeMillis() + 60_000);
  }

  private Origins origins(long begun) throws Exception {
    Config config = config();
    WorkerKind kind = new WorkerKind("some", "a.Main", List.of(), List.of(), true);
    return Origins.of(
        new Release(
            1,
            config,
            kind,
            new ResolvedApp(List.of(folder.toRealPath()), "app.App", ""),
            folder.toRealPath(),
            Path.of(System.getProperty("java.home")),
            Machine.here(),
            2,
            ReleaseResolver.divide(config, kind, Machine.here()),
            ResolvedApp.NONE,
            Privileges.SAME,
            List.of()),
        begun);
  }

  @Test
  void whatWasSavedWhileTheReleaseWasMadeMayNotBeInIt() throws Exception {
    long begun = System.currentTimeMillis();
    Path source = folder.resolve("app/App.class");
    Files.setLastModifiedTime(source, FileTime.fromMillis(begun + 1));
    Origins origins = origins(begun);
    Files.writeString(certificate, "another certificate");
    assertThat(origins.renewed(config())).isEmpty();
  }

  @Test
  void newCertificatesAloneAreSeenOnceTheyAreThere() throws Exception {
    Origins origins = origins();
    assertThat(origins.renewed(config())).as("nothing is new").isEmpty();

    Files.writeString(certificate, "another certificate");
    Files.move(Files.writeString(folder.resolve("new"), "another key"), key, REPLACE_EXISTING);
    Files.writeString(folder.resolve("error.log"), "a line");
    Files.writeString(folder.resolve(".swap"), "an editor's");
    assertThat(origins.renewed(config())).containsExactly(certificate, key);

    assertThat(origins.reread().renewed(config())).as("workers have read it").isEmpty();
  }

  /** Each by itself: whatever the settings of TLS name is theirs, and nobody else's. */
  @ParameterizedTest
  @ValueSource(strings = {"ca.pem", "crl.pem", "a.pem", "a.key", "b.pem", "password"})
  void soIsWhateverElseTheSettingsOfTlsName(String file) throws Exception {
    environment.put("ARBITER_SSL_CERT_REQS", "required");
    environment.put("ARBITER_CA_CERTS", "ca.pem");
    environment.put("ARBITER_SSL_CRL", folder.resolve("crl.pem").toString());
    environment.put("ARBITER_SSL_KEYFILE_PASSWORD", "file:password");
    Files.writeString(
        folder.resolve("arbiter.toml"),
        """
        workers = 2
        sni = ["a.example=a.pem,a.key", "*.b.example=b.pem"]
        """);
    for (String name : List.of("ca.pem", "crl.pem", "a.pem", "a.key", "b.pem", "password")) {
      Files.writeString(folder.resolve(name), name);
    }
    Origins origins = origins();
    assertThat(origins.renewed(config())).as("nothing is new").isEmpty();
    Path changed = Files.writeString(folder.resolve(file), "another " + file);
    assertThat(origins.renewed(config())).containsExactly(changed);
    assertThat(origins.reread().renewed(config())).as("workers have read it").isEmpty();

    Files.writeString(folder.resolve("app/App.class"), "another app");
    assertThat(origins.renewed(config())).as("a class beside it").isEmpty();
  }

  @Test
  void anythingElseThatIsNewNeedsNewWorkers() throws Exception {
    Origins origins = origins();
    Files.writeString(certificate, "another certificate");

    Path more = Files.writeString(folder.resolve("app/More.class"), "more");
    assertThat(origins.renewed(config())).as("a new class").isEmpty();
    Files.delete(more);
    assertThat(origins.renewed(config())).isNotEmpty();
    Files.writeString(folder.resolve("app/App.class"), "another app");
    assertThat(origins.renewed(config())).as("another class").isEmpty();
  }

  @Test
  void aSettingThatIsNewNeedsNewWorkers() throws Exception {
    environment.put("ARBITER_CHDIR", folder.toString());
    environment.put("ARBITER_CONFIG", temporary.resolve("elsewhere.toml").toString());
    Files.writeString(temporary.resolve("elsewhere.toml"), "workers = 2\n");
    Origins origins = origins();
    Files.writeString(certificate, "another certificate");
    assertThat(origins.renewed(config())).isNotEmpty();
    Files.writeString(temporary.resolve("elsewhere.toml"), "workers = 3\n");
    assertThat(origins.renewed(config())).isEmpty();
  }

  @Test
  void aFolderThatASymlinkLeadsToNowIsAnotherApp() throws Exception {
    Path link = Files.createSymbolicLink(temporary.resolve("current"), folder);
    Path first = folder;
    folder = link;
    Origins origins = origins();
    Files.writeString(certificate, "another certificate");
    assertThat(origins.renewed(config())).as("found by way of the link and beside it").isNotEmpty();

    Path second = Files.createDirectories(temporary.resolve("second"));
    for (String file : List.of("cert.pem", "key.pem", "arbiter.toml")) {
      Files.copy(first.resolve(file), second.resolve(file));
    }
    Files.delete(link);
    Files.createSymbolicLink(link, second);
    assertThat(origins.renewed(config())).isEmpty();
  }
}
