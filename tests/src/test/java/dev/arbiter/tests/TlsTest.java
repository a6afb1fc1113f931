package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
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
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final Duration PACE = Duration.ofMillis(50);

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void certificatesChangeUnderLoadAndNobodyNotices(String kind) throws Exception {
    Path first = certificate("first");
    Path second = certificate("second");
    Path used = arbiters.folder().resolve("server.pem");
    Files.copy(first, used);
    SSLContext both = trusting(first, second);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--certfile", used.toString(), "--insecure-bind", "127.0.0.1:0")
            .faulty()
            .start();
    int port = Integer.parseInt(arbiter.log().await(SECURE, Limits.START).group(1));
    Set<Long> workers = arbiter.awaitServing(2); // by the address beside it, in the clear

    try (LoadClients load =
        LoadClients.posting(() -> RawClient.tls(port, both), 4, 1, "hello", PACE)) {
      load.awaitMore(50, Limits.ANSWER);
      assertThat(shown(port, both)).isEqualTo("CN=first");

      // Again, without new workers.
      Files.copy(second, used, StandardCopyOption.REPLACE_EXISTING);
      arbiter.signal(Os.Signal.USR1);
      arbiter.log().await(0, NEW, 2, Limits.ANSWER);
      assertThat(shown(port, both)).isEqualTo("CN=second");
      assertThat(arbiter.workers()).isEqualTo(workers);
      load.awaitMore(50, Limits.ANSWER);

      Files.copy(first, used, StandardCopyOption.REPLACE_EXISTING);
      arbiter.signal(Os.Signal.HUP);
      arbiter.awaitReplaced(workers, 2);
      assertThat(shown(port, both)).isEqualTo("CN=first");
      load.awaitMore(50, Limits.ANSWER);

      assertThat(load.stop()).isEmpty();
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

  /** Key and certificate in one file, made by the JDK's own tool. */
  private Path certificate(String name) throws Exception {
    Path store = arbiters.folder().resolve(name + ".p12");
    List<String> keytool =
        List.of(
            Path.of(System.getProperty("java.home"), "bin/keytool").toString(),
            "-genkeypair -keyalg EC -groupname secp256r1 -alias server -validity 2",
            "-ext san=ip:127.0.0.1 -storetype PKCS12 -storepass " + new String(PASSWORD),
            "-dname CN=%s -keystore %s".formatted(name, store));
    Process made =
        new ProcessBuilder(List.of(String.join(" ", keytool).split(" "))).inheritIO().start();
    assertThat(made.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(made.exitValue()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    Files.delete(store);
    return Files.writeString(
        arbiters.folder().resolve(name + ".pem"),
        pem("PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded())
            + pem("CERTIFICATE", keys.getCertificate("server").getEncoded()));
  }

  private static String pem(String type, byte[] der) {
    String text = Base64.getMimeEncoder().encodeToString(der);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, text, type);
  }

  private static SSLContext trusting(Path... certificates) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (Path file : certificates) {
      String text = Files.readString(file);
      String certificate = text.substring(text.indexOf("-----BEGIN CERTIFICATE"));
      trusted.setCertificateEntry(
          file.toString(),
          factory.generateCertificate(
              new ByteArrayInputStream(certificate.getBytes(StandardCharsets.US_ASCII))));
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
