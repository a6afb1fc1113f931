package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All cases of h2spec, a conformance suite for RFC 9113 and HPACK. */
@Tag("slow")
final class Http2SpecTest {
  private static final String BUNDLED = "/h2spec/2.2.0/h2spec_linux_amd64.tar.gz";
  private static final int SECONDS_PER_CASE = 10;
  private static final int MINUTES = 10;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void inTheClear() throws Exception {
    ArbiterProcess arbiter =
        arbiters.command().kind("netty").args("--h2c", "prior-knowledge").faulty().start();
    arbiter.awaitServing(1);
    passes("-p", Integer.toString(arbiter.port()));
  }

  /** ALPN, and what is told of a connection's end, are each provider's own. */
  @ParameterizedTest
  @ValueSource(strings = {"jdk", "openssl"})
  void underTls(String provider) throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "server");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("--certfile", certificate.toString(), "--insecure-bind", "127.0.0.1:0")
            .args("--ssl-provider", provider)
            .faulty()
            .start();
    String port = Integer.toString(arbiter.tlsPort());
    arbiter.awaitServing(1);
    passes("-t", "-k", "-p", port);
  }

  private void passes(String... arguments) throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the suite is there for amd64 only");
    Path folder = arbiters.folder();
    Path archive = folder.resolve("h2spec.tar.gz");
    try (InputStream in = Http2SpecTest.class.getResourceAsStream(BUNDLED)) {
      Files.copy(in, archive);
    }
    run(List.of("tar", "-xzf", archive.toString(), "-C", folder.toString()));
    List<String> command =
        new ArrayList<>(List.of(folder.resolve("h2spec").toString(), "-o", "" + SECONDS_PER_CASE));
    command.addAll(List.of(arguments));
    String said = run(command);
    assertThat(said).contains("145 tests, 145 passed, 0 skipped, 0 failed");
  }

  private static String run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).isTrue();
      return said;
    } finally {
      process.destroyForcibly();
    }
  }
}
