package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** TLS on the listeners of a fleet, and certificates that change. */
final class TlsTest {
  private static final Pattern SECURE = Pattern.compile("Listening at: https://127.0.0.1:(\\d+) ");
  private static final Pattern NEW = Pattern.compile("New certificates are in use");
  private static final String PASSWORD = "not for ps";
  private static final Duration PACE = Duration.ofMillis(10);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void certificatesChangeUnderLoadAndNobodyNotices(String kind) throws Exception {
    Path first = certificate("first");
    Path second = certificate("second");
    Path used = arbiters.folder().resolve("server.p12");
    Files.copy(first, used);
    SSLContext both = trusting(first, second);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--certfile", used.toString(), "--insecure-bind", "127.0.0.1:0")
            .env("ARBITER_SSL_KEYFILE_PASSWORD", PASSWORD)
            .faulty()
            .start();
    int port = Integer.parseInt(arbiter.log().await(SECURE, Limits.START).group(1));
    Set<Long> workers = arbiter.awaitServing(2); // by the address beside it, in the clear

    try (LoadClients load =
        LoadClients.posting(() -> RawClient.tls(port, both), 6, 3, "hello", PACE)) {
      load.awaitMore(100, Limits.ANSWER);
      assertThat(shown(port, both)).isEqualTo("CN=first");

      // Again, without new workers.
      Files.copy(second, used, StandardCopyOption.REPLACE_EXISTING);
      arbiter.signal(Os.Signal.USR1);
      arbiter.log().await(0, NEW, 2, Limits.ANSWER);
      assertThat(shown(port, both)).isEqualTo("CN=second");
      assertThat(arbiter.workers()).isEqualTo(workers);
      load.awaitMore(100, Limits.ANSWER);

      Files.copy(first, used, StandardCopyOption.REPLACE_EXISTING);
      arbiter.signal(Os.Signal.HUP);
      arbiter.awaitReplaced(workers, 2);
      assertThat(shown(port, both)).isEqualTo("CN=first");
      load.awaitMore(100, Limits.ANSWER);

      assertThat(load.stop()).isEmpty();
    }
    for (long worker : arbiter.workers()) {
      assertThat(Proc.commandLine(worker)).doesNotContain(PASSWORD);
    }
  }

  @Test
  void filesThatCannotBeUsedAreRefusedWithOneLine() throws Exception {
    arbiters.expectError(".*");
    Path file = Files.writeString(arbiters.folder().resolve("server.pem"), "nothing");
    Command.Finished finished =
        arbiters
            .command()
            .kind("sync")
            .args("--certfile", file.toString())
            .faulty()
            .run(Limits.START);
    assertThat(finished.exitCode()).isEqualTo(2);
    assertThat(finished.log().text())
        .contains("--certfile " + file + " is neither PEM nor PKCS#12")
        .doesNotContain("Exception");
  }

  private Path certificate(String name) throws Exception {
    Path file = arbiters.folder().resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "server",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD)
            .inheritIO()
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    return file;
  }

  private static SSLContext trusting(Path... certificates) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (Path file : certificates) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, PASSWORD.toCharArray());
      }
      trusted.setCertificateEntry(file.toString(), store.getCertificate("server"));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static String shown(int port, SSLContext context) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.startHandshake();
      return socket.getSession().getPeerPrincipal().getName();
    }
  }
}
