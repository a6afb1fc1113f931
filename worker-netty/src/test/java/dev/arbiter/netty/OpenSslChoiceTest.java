package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.tls.ServerTls;
import dev.arbiter.http.tls.TestCertificates;
import dev.arbiter.http.tls.TlsEngines;
import dev.arbiter.http.tls.TlsPlan;
import dev.arbiter.http.tls.TlsProvider;
import dev.arbiter.worker.BootFailure;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which provider it is, and what is said where OpenSSL cannot be used. */
class OpenSslChoiceTest {
  @TempDir Path folder;
  private TestCertificates authority;

  @BeforeEach
  void issue() throws Exception {
    authority = new TestCertificates("Test Authority");
    authority.issue("EC", "localhost").write(folder, "server");
  }

  /** As on a machine that the library was not built for. */
  private static final class Missing implements TlsProvider {
    @Override
    public String name() {
      return "OpenSSL";
    }

    @Override
    public Optional<String> unavailable() {
      return Optional.of("UnsatisfiedLinkError: no netty_tcnative");
    }

    @Override
    public Set<String> suites() {
      throw new IllegalStateException("not loaded");
    }

    @Override
    public Optional<String> serverName(SSLEngine engine) {
      return Optional.empty();
    }

    @Override
    public Optional<String> objection(TlsPlan plan) {
      throw new IllegalStateException("not loaded");
    }

    @Override
    public TlsEngines open(TlsPlan plan) {
      throw new IllegalStateException("not loaded");
    }
  }

  private FixtureContext context(String... more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("certfile", folder + "/server.pem");
    settings.put("keyfile", folder + "/server.key");
    settings.put("log-level", "debug");
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return new FixtureContext(settings);
  }

  private static String engine(FixtureContext context, TlsProvider own) throws Exception {
    try (ServerTls tls = ServerTls.open(context, List.of("http/1.1"), own).orElseThrow()) {
      var engine = tls.engine();
      io.netty.util.ReferenceCountUtil.release(engine);
      return engine.getClass().getSimpleName();
    }
  }

  private static String refusal(FixtureContext context, TlsProvider own) {
    BootFailure failure =
        catchThrowableOfType(
            BootFailure.class, () -> ServerTls.open(context, List.of("http/1.1"), own));
    assertThat(failure).isNotNull();
    assertThat(failure.exitCode()).isEqualTo(BootFailure.WRONG_SETTING);
    return failure.getMessage() + " (" + failure.hint() + ")";
  }

  @Test
  void whatIsAskedForIsUsed() throws Exception {
    assertThat(engine(context("ssl-provider", "openssl"), new OpenSslProvider()))
        .contains("OpenSsl");
    assertThat(engine(context("ssl-provider", "jdk"), new OpenSslProvider()))
        .isEqualTo("SSLEngineImpl");
    assertThat(engine(context(), new OpenSslProvider())).contains("OpenSsl");
  }

  @Test
  void aLibraryThatIsMissingIsAnErrorOnlyWhereItWasAskedFor() throws Exception {
    assertThat(refusal(context("ssl-provider", "openssl"), new Missing()))
        .isEqualTo(
            "OpenSSL cannot be loaded: UnsatisfiedLinkError: no netty_tcnative (--ssl-provider jdk"
                + " does without; OpenSSL needs Linux with glibc on x86-64 or aarch64)");
    FixtureContext context = context();
    assertThat(engine(context, new Missing())).isEqualTo("SSLEngineImpl");
    assertThat(context.said)
        .contains(
            "info: TLS is the JDK's, because OpenSSL cannot be loaded: UnsatisfiedLinkError: no"
                + " netty_tcnative: each worker resumes only the sessions that it has begun itself");
  }

  @Test
  void keysThatItCannotUseAreTheJdks() throws Exception {
    authority.issue("Ed25519", "localhost").write(folder, "server");
    assertThat(refusal(context("ssl-provider", "openssl"), new OpenSslProvider()))
        .isEqualTo("OpenSSL cannot be used: its keys are RSA or EC (--ssl-provider jdk does it)");
    assertThat(engine(context(), new OpenSslProvider())).isEqualTo("SSLEngineImpl");
  }

  @Test
  void suitesThatItCannotLeaveOutOrDoesNotHaveAreTheJdks() throws Exception {
    for (String ciphers : new String[] {"TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-SHA384"}) {
      assertThat(
              refusal(
                  context("ssl-provider", "openssl", "ciphers", ciphers), new OpenSslProvider()))
          .contains("--ciphers");
      assertThat(engine(context("ciphers", ciphers), new OpenSslProvider()))
          .isEqualTo("SSLEngineImpl");
    }
  }

  @Test
  void aFileThatIsWrongIsSaidOnceAndForAll() {
    assertThat(refusal(context("keyfile", folder + "/no.key"), new OpenSslProvider()))
        .startsWith("--keyfile " + folder + "/no.key does not exist");
  }
}
