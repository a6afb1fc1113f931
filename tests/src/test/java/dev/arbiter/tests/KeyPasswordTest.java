package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A key with a password, and the three places for it that docs/tls.md shows: {@code
 * ARBITER_SSL_KEYFILE_PASSWORD} itself, {@code --ssl-keyfile-password file:PATH}, and {@code
 * env:NAME}.
 */
@Tag("slow")
final class KeyPasswordTest {
  private static final String SECRET = "tru5t-n0-one";

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void eachPlaceUnlocksTheKey() throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "site");
    Path key = arbiters.folder().resolve("key.pem");
    lock(certificate, key);
    Path word = Files.writeString(arbiters.folder().resolve("word"), SECRET + "\nnot this\n");
    SourceApp.write(arbiters.folder(), SourceApp.blocking("\"unlocked\""));
    List<ArbiterProcess> all = new ArrayList<>();
    all.add(with(certificate, key, "itself").env("ARBITER_SSL_KEYFILE_PASSWORD", SECRET).launch());
    all.add(with(certificate, key, "file").args("--ssl-keyfile-password", "file:" + word).launch());
    all.add(
        with(certificate, key, "variable")
            .env("KEY_OF_SHOP", SECRET)
            .args("--ssl-keyfile-password", "env:KEY_OF_SHOP")
            .launch());

    for (ArbiterProcess arbiter : all) {
      arbiter.awaitReady(1);
      int port = arbiter.tlsPort();
      try (RawClient client = RawClient.tls(port, Certificates.trusting(certificate))) {
        assertThat(client.get("/").body()).as(arbiter.command()).isEqualTo("unlocked");
      }
    }
  }

  private Command with(Path certificate, Path key, String name) {
    return arbiters
        .command()
        .kind("netty")
        .args("--name", name, "--certfile", certificate.toString(), "--keyfile", key.toString())
        .app("app:App");
  }

  /** The key of {@code from}, encrypted. */
  private static void lock(Path from, Path into) throws Exception {
    Process openssl =
        new ProcessBuilder(
                "openssl pkcs8 -topk8 -v2 aes-256-cbc -in %s -out %s -passout pass:%s"
                    .formatted(from, into, SECRET)
                    .split(" "))
            .redirectErrorStream(true)
            .start();
    String out = new String(openssl.getInputStream().readAllBytes(), UTF_8);
    assertThat(openssl.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(openssl.exitValue()).as(out).isZero();
    assertThat(into).content().startsWith("-----BEGIN ENCRYPTED PRIVATE KEY");
  }
}
