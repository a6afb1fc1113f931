package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.http.FixtureContext;
import dev.arbiter.worker.BootFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is read, and what is refused with which line. Every {@link ServerTls#open} that returns has
 * shaken hands with itself.
 */
class ServerTlsTest {
  /** What {@code openssl pkcs8 -topk8 -v2 des3} makes of a key. */
  private static final String TRIPLE_DES =
      "MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAgTGXlNeUNqXgICCAAwDAYIKoZIhvcN"
          + "AgkFADAUBggqhkiG9w0DBwQITZ5ZgI4eYj8EgZCYB2FuXb0G8Zb3mGn4y6rkCELbbzG2qSq5AQ1C"
          + "MnluiQhWgc9gttseSqYl2KDEEHM3P5U83ta1RhKqhcKOm00uwBvW4bG1SUDApf/rajO2qWbYMbQx"
          + "AdPkJLsleZUD9Aqs6peLcAe9CeyeLVjb4fxGmBrpE2QQKP1DDhG8fcrdT4jqhAjYUN1BDdsofThZ"
          + "lRI=";

  @TempDir Path folder;
  private TestCertificates authority;
  private TestCertificates.Issued server;

  @BeforeEach
  void issue() throws Exception {
    authority = new TestCertificates("Test Authority");
    server = authority.issue("EC", "localhost").write(folder, "server");
  }

  private FixtureContext context(String... settings) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      String value = settings[i + 1];
      map.put(settings[i], value.startsWith("/") ? folder + value : value);
    }
    return new FixtureContext(map);
  }

  private void opens(String... settings) {
    FixtureContext context = context(settings);
    assertThatCode(() -> assertThat(ServerTls.open(context)).isPresent())
        .doesNotThrowAnyException();
  }

  private String refusal(String... settings) {
    BootFailure failure =
        catchThrowableOfType(BootFailure.class, () -> ServerTls.open(context(settings)));
    assertThat(failure).isNotNull();
    assertThat(failure.exitCode()).isEqualTo(BootFailure.WRONG_SETTING);
    return String.valueOf(failure.getMessage()).replace(folder.toString(), "");
  }

  private void write(String name, String text) throws Exception {
    Files.writeString(folder.resolve(name), text);
  }

  @Test
  void withoutACertificateThereIsNoTls() throws Exception {
    assertThat(ServerTls.open(context())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA", "Ed25519"})
  void everyKindOfKeyWorks(String algorithm) throws Exception {
    authority.issue(algorithm, "localhost").write(folder, "other");
    opens("certfile", "/other.pem", "keyfile", "/other.key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  void keysInTheirOldFormsWork(String algorithm) throws Exception {
    TestCertificates.Issued issued = authority.issue(algorithm, "localhost").write(folder, "x");
    write("old.key", TestCertificates.old(issued.key()));
    opens("certfile", "/x.pem", "keyfile", "/old.key");
  }

  @Test
  void theKeyMayBeInTheSameFile() throws Exception {
    String both =
        "Some text: of whoever made it\n"
            + Files.readString(folder.resolve("server.key"))
            + Files.readString(folder.resolve("server.pem"));
    write("both.pem", both);
    opens("certfile", "/both.pem");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anEncryptedKeyIsOpenedWithItsPassword(boolean inFile) throws Exception {
    write("locked.key", TestCertificates.encrypted(server.key(), "open sesame"));
    write("password", "open sesame\nand no more\n");
    String given = inFile ? "file:" + folder.resolve("password") : "open sesame";
    opens("certfile", "/server.pem", "keyfile", "/locked.key", "ssl-keyfile-password", given);
  }

  @Test
  void pkcs12HoldsAllInOneFile() throws Exception {
    TestCertificates.pkcs12(folder.resolve("all.p12"), server, "secret");
    opens("certfile", "/all.p12", "ssl-keyfile-password", "secret");
    assertThat(refusal("certfile", "/all.p12", "ssl-keyfile-password", "other"))
        .isEqualTo("--certfile /all.p12 cannot be opened: the password is wrong");
  }

  @Test
  void aWrongOrMissingPasswordIsSaidSo() throws Exception {
    write("locked.key", TestCertificates.encrypted(server.key(), "right"));
    assertThat(refusal("certfile", "/server.pem", "keyfile", "/locked.key"))
        .isEqualTo("--keyfile /locked.key is encrypted, and there is no password");
    assertThat(
            refusal(
                "certfile",
                "/server.pem",
                "keyfile",
                "/locked.key",
                "ssl-keyfile-password",
                "wrong"))
        .isEqualTo("--keyfile /locked.key cannot be decrypted: the password is wrong")
        .doesNotContain("right");
    assertThat(
            refusal(
                "certfile",
                "/server.pem",
                "keyfile",
                "/locked.key",
                "ssl-keyfile-password",
                "env:NOBODY_HAS_THIS"))
        .isEqualTo("--ssl-keyfile-password env:NOBODY_HAS_THIS: the workers have no such variable");
  }

  @Test
  void filesThatAreNoneAreRefused() throws Exception {
    assertThat(refusal("certfile", "/nowhere.pem"))
        .isEqualTo("--certfile /nowhere.pem does not exist");
    write("text", "hello");
    assertThat(refusal("certfile", "/text"))
        .isEqualTo("--certfile /text is neither PEM nor PKCS#12");
    assertThat(refusal("certfile", "/server.pem"))
        .isEqualTo("--certfile /server.pem has no private key in it");
    assertThat(refusal("certfile", "/server.key"))
        .isEqualTo("--certfile /server.key has no certificate in it");
    write("cut.pem", TestCertificates.pem(server.certificate()).replaceAll("(?s)-----END.*", ""));
    assertThat(refusal("certfile", "/cut.pem"))
        .isEqualTo("--certfile /cut.pem has a certificate that cannot be read");
    write(
        "old.key",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");
    assertThat(refusal("certfile", "/server.pem", "keyfile", "/old.key"))
        .isEqualTo("--keyfile /old.key is encrypted in OpenSSL's old way, which guards it badly");
    write(
        "des.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
            + TRIPLE_DES
            + "\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assertThat(
            refusal("certfile", "/server.pem", "keyfile", "/des.key", "ssl-keyfile-password", "x"))
        .isEqualTo(
            "--keyfile /des.key is encrypted in a way that is not known here, perhaps with Triple"
                + " DES");
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() throws Exception {
    authority.issue("EC", "localhost").write(folder, "other");
    assertThat(refusal("certfile", "/server.pem", "keyfile", "/other.key"))
        .isEqualTo("--keyfile /other.key is not the key of the first certificate in /server.pem");
    authority.issue("RSA", "localhost").write(folder, "rsa");
    assertThat(refusal("certfile", "/server.pem", "keyfile", "/rsa.key"))
        .startsWith("--keyfile /rsa.key is not the key");
  }

  @Test
  void openSslIsRefusedWhereAKindHasTheJdkAlone() throws Exception {
    String[] server = {"certfile", "/server.pem", "keyfile", "/server.key"};
    assertThat(refusal(with(server, "ssl-provider", "openssl")))
        .isEqualTo("--ssl-provider openssl: this kind of worker has only the JDK's");
    opens(with(server, "ssl-provider", "auto"));
    opens(with(server, "ssl-provider", "jdk"));
  }

  @Test
  void anExpiredCertificateIsWarnedOf() throws Exception {
    authority.expired("localhost").write(folder, "late");
    FixtureContext context = context("certfile", "/late.pem", "keyfile", "/late.key");
    assertThat(ServerTls.open(context)).isPresent();
    assertThat(context.said)
        .anyMatch(line -> line.startsWith("warning: The certificate of CN=localhost expired on"));
  }

  @ParameterizedTest
  @CsvSource({
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",
    "'ECDHE-ECDSA-CHACHA20-POLY1305, ECDHE-RSA-AES256-GCM-SHA384'",
    "TLS_AES_256_GCM_SHA384"
  })
  void cipherSuitesHaveTwoNames(String ciphers) {
    opens("certfile", "/server.pem", "keyfile", "/server.key", "ciphers", ciphers);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HIGH:!aNULL", "ECDHE-RSA-RC4-SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA"})
  void cipherSuitesThatAreNotKnownOrNotSafeAreRefused(String ciphers) {
    assertThat(refusal("certfile", "/server.pem", "keyfile", "/server.key", "ciphers", ciphers))
        .startsWith("--ciphers " + ciphers)
        .endsWith("is not a cipher suite that can be used");
  }

  @Test
  void filesForClientsAndNamesAreCheckedToo() throws Exception {
    String[] server = {"certfile", "/server.pem", "keyfile", "/server.key"};
    assertThat(refusal(with(server, "ssl-cert-reqs", "required", "ca-certs", "/no.pem")))
        .isEqualTo("--ca-certs /no.pem does not exist");
    write("ca.pem", TestCertificates.pem(authority.certificate()));
    opens(with(server, "ssl-cert-reqs", "required", "ca-certs", "/ca.pem"));
    assertThat(
            refusal(
                with(
                    server,
                    "ssl-cert-reqs",
                    "optional",
                    "ca-certs",
                    "/ca.pem",
                    "ssl-crl",
                    "/ca.pem")))
        .isEqualTo("--ssl-crl /ca.pem has no revocation list in it");
    String name = "a.example=" + folder + "/server.pem," + folder + "/no.key";
    assertThat(refusal(with(server, "sni", name)))
        .isEqualTo("--sni a.example /no.key does not exist");
  }

  private static String[] with(String[] some, String... more) {
    String[] all = java.util.Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  @Test
  void pemIsReadLeniently() {
    byte[] text = "a\r\n-----BEGIN X-----\r\nAQ\r\nI=\r\n-----END X-----".getBytes(US_ASCII);
    assertThat(Pem.blocks(text))
        .singleElement()
        .satisfies(b -> assertThat(b.der()).containsExactly(1, 2));
  }

  @Test
  void letterFirstIsPlainHttpAndNothingElse() {
    assertThat("GPDHOCTprg".chars().allMatch(c -> ServerTls.isPlainHttp((byte) c))).isTrue();
    for (int other : new int[] {0, 22, 21, 128, 0xc0, 0xff, ' ', '\r', '1'}) {
      assertThat(ServerTls.isPlainHttp((byte) other)).isFalse();
    }
  }
}
