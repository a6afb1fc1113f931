package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates that sign themselves, for 127.0.0.1. */
final class Certificates {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private Certificates() {}

  /** Key and certificate in one file, made by the JDK's own tool. */
  static Path make(Path folder, String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
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
        folder.resolve(name + ".pem"),
        pem("PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded())
            + pem("CERTIFICATE", keys.getCertificate("server").getEncoded()));
  }

  /** What a client that trusts these, and no others, connects with. */
  static SSLContext trusting(Path... certificates) throws Exception {
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

  private static String pem(String type, byte[] der) {
    String text = Base64.getMimeEncoder().encodeToString(der);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, text, type);
  }
}
