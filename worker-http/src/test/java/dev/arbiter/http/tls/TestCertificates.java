package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An authority, what it signs, and the files that come of it: made anew for each run. */
public final class TestCertificates {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final AtomicLong SERIAL = new AtomicLong(1000);

  /** ecdsa-with-SHA256, RFC 5758 section 3.2. */
  private static final byte[] SIGNED_WITH =
      Der.element(Der.SEQUENCE, Der.oid(1, 2, 840, 10045, 4, 3, 2));

  private final KeyPair keys;
  private final String name;
  private final X509Certificate certificate;

  /** A certificate with its key. */
  public record Issued(X509Certificate certificate, PrivateKey key) {
    /** Writes both into {@code folder}, as {@code NAME.pem} and {@code NAME.key}. */
    public Issued write(Path folder, String name) throws IOException {
      Files.writeString(folder.resolve(name + ".pem"), pem(certificate));
      Files.writeString(folder.resolve(name + ".key"), pem("PRIVATE KEY", key.getEncoded()));
      return this;
    }
  }

  /** An authority of that name. */
  public TestCertificates(String name) throws GeneralSecurityException {
    this.name = name;
    keys = keys("EC");
    Instant now = Instant.now();
    certificate =
        signed(name, keys, name, keys, now.minusSeconds(3600), now.plusSeconds(86400), List.of());
  }

  /** The authority's own certificate. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** A certificate for hosts, or for a client of that name. */
  public Issued issue(String algorithm, String... hosts) throws GeneralSecurityException {
    Instant now = Instant.now();
    return issue(algorithm, now.minusSeconds(3600), now.plusSeconds(86400), hosts);
  }

  /** One that expired an hour ago. */
  public Issued expired(String... hosts) throws GeneralSecurityException {
    Instant now = Instant.now();
    return issue("EC", now.minusSeconds(7200), now.minusSeconds(3600), hosts);
  }

  private Issued issue(String algorithm, Instant from, Instant to, String... hosts)
      throws GeneralSecurityException {
    KeyPair own = keys(algorithm);
    return new Issued(
        signed(hosts[0], own, name, keys, from, to, List.of(hosts)), own.getPrivate());
  }

  /** A list of what this authority has revoked. */
  public String revocations(X509Certificate... revoked) throws GeneralSecurityException {
    return revocations(Instant.now().plusSeconds(86400), revoked);
  }

  /** A list that should have been followed by the next an hour ago; a quarter is forgiven. */
  public String outdatedRevocations() throws GeneralSecurityException {
    return revocations(Instant.now().minusSeconds(3600));
  }

  private String revocations(Instant next, X509Certificate... revoked)
      throws GeneralSecurityException {
    byte[] now = time(Instant.now().minusSeconds(60));
    List<byte[]> entries = new ArrayList<>();
    for (X509Certificate one : revoked) {
      entries.add(Der.element(Der.SEQUENCE, integer(one.getSerialNumber()), now));
    }
    byte[] list =
        Der.element(
            Der.SEQUENCE,
            integer(BigInteger.ONE),
            SIGNED_WITH,
            named(name),
            now,
            time(next),
            entries.isEmpty()
                ? new byte[0]
                : Der.element(Der.SEQUENCE, entries.toArray(byte[][]::new)));
    return pem("X509 CRL", sealed(list, keys));
  }

  /** A client that trusts this authority, and shows {@code own} if asked. */
  public SSLContext client(Issued... own) throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("authority", certificate);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    KeyStore mine = KeyStore.getInstance("PKCS12");
    mine.load(null, null);
    for (Issued one : own) {
      mine.setKeyEntry("me", one.key(), new char[0], new Certificate[] {one.certificate()});
    }
    KeyManagerFactory shown = KeyManagerFactory.getInstance("PKIX");
    shown.init(mine, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(shown.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  // ---- files

  /** The certificate as a file has it. */
  public static String pem(X509Certificate certificate) {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException impossible) {
      throw new AssertionError(impossible);
    }
  }

  static String pem(String type, byte[] der) {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, text, type);
  }

  /** As PKCS#8, encrypted as OpenSSL does it by default (RFC 8018, PBES2). */
  static String encrypted(PrivateKey key, String password) throws Exception {
    String name = "PBEWithHmacSHA256AndAES_256";
    SecretKey secret =
        SecretKeyFactory.getInstance(name).generateSecret(new PBEKeySpec(password.toCharArray()));
    Cipher cipher = Cipher.getInstance(name);
    cipher.init(Cipher.ENCRYPT_MODE, secret);
    byte[] bytes = cipher.doFinal(key.getEncoded());
    byte[] scheme =
        Der.element(
            Der.SEQUENCE,
            Der.oid(1, 2, 840, 113549, 1, 5, 13),
            cipher.getParameters().getEncoded());
    return pem(
        "ENCRYPTED PRIVATE KEY",
        Der.element(Der.SEQUENCE, scheme, Der.element(Der.OCTET_STRING, bytes)));
  }

  /** In the form that the algorithm had before PKCS#8. */
  static String old(PrivateKey key) {
    byte[] inner = Der.inside(key.getEncoded(), Der.OCTET_STRING);
    if (key.getAlgorithm().equals("RSA")) {
      return pem("RSA PRIVATE KEY", inner);
    }
    byte[] curve = Der.oid(1, 2, 840, 10045, 3, 1, 7);
    byte[] number = Der.element(Der.OCTET_STRING, Der.inside(inner, Der.OCTET_STRING));
    byte[] ec =
        Der.element(Der.SEQUENCE, integer(BigInteger.ONE), number, Der.element(0xa0, curve));
    return pem("EC PRIVATE KEY", ec);
  }

  static void pkcs12(Path file, Issued issued, String password) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    char[] secret = password.toCharArray();
    store.setKeyEntry("server", issued.key(), secret, new Certificate[] {issued.certificate()});
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, secret);
    }
  }

  // ---- ASN.1

  private static KeyPair keys(String algorithm) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    if (!algorithm.equals("Ed25519")) {
      generator.initialize(algorithm.equals("RSA") ? 2048 : 256);
    }
    return generator.generateKeyPair();
  }

  private static X509Certificate signed(
      String subject,
      KeyPair own,
      String issuer,
      KeyPair issuing,
      Instant from,
      Instant to,
      List<String> hosts)
      throws GeneralSecurityException {
    byte[] extension = hosts.isEmpty() ? authority() : alternativeNames(hosts);
    byte[] body =
        Der.element(
            Der.SEQUENCE,
            Der.element(0xa0, integer(BigInteger.TWO)),
            integer(BigInteger.valueOf(SERIAL.incrementAndGet())),
            SIGNED_WITH,
            named(issuer),
            Der.element(Der.SEQUENCE, time(from), time(to)),
            named(subject),
            own.getPublic().getEncoded(),
            Der.element(0xa3, Der.element(Der.SEQUENCE, extension)));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(sealed(body, issuing)));
  }

  private static byte[] authority() {
    byte[] isOne = Der.element(Der.SEQUENCE, new byte[] {1, 1, -1});
    return Der.element(
        Der.SEQUENCE,
        Der.oid(2, 5, 29, 19),
        new byte[] {1, 1, -1},
        Der.element(Der.OCTET_STRING, isOne));
  }

  private static byte[] alternativeNames(List<String> hosts) {
    byte[][] names =
        hosts.stream()
            .map(
                host ->
                    host.equals("127.0.0.1")
                        ? Der.element(0x87, new byte[] {127, 0, 0, 1})
                        : Der.element(0x82, host.getBytes(US_ASCII)))
            .toArray(byte[][]::new);
    return Der.element(
        Der.SEQUENCE,
        Der.oid(2, 5, 29, 17),
        Der.element(Der.OCTET_STRING, Der.element(Der.SEQUENCE, names)));
  }

  private static byte[] sealed(byte[] body, KeyPair issuing) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(issuing.getPrivate());
    signature.update(body);
    return Der.element(
        Der.SEQUENCE, body, SIGNED_WITH, Der.element(0x03, new byte[] {0}, signature.sign()));
  }

  private static byte[] named(String name) {
    byte[] text = Der.element(0x0c, name.getBytes(UTF_8));
    return Der.element(
        Der.SEQUENCE, Der.element(0x31, Der.element(Der.SEQUENCE, Der.oid(2, 5, 4, 3), text)));
  }

  private static byte[] time(Instant instant) {
    return Der.element(0x17, TIME.format(instant).getBytes(US_ASCII));
  }

  private static byte[] integer(BigInteger number) {
    return Der.element(Der.INTEGER, number.toByteArray());
  }
}
