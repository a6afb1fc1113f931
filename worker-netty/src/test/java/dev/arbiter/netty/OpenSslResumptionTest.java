package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.tls.TestCertificates;
import dev.arbiter.http.tls.TlsClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions that go from one worker to another, where both have the arbiter's secrets. */
class OpenSslResumptionTest {
  private static final byte[] FIRST = secret(1);
  private static final byte[] SECOND = secret(2);
  private static final byte[] THIRD = secret(3);

  @TempDir Path folder;
  private final List<Fixture> running = new ArrayList<>();
  private TestCertificates authority;
  private SSLContext client;

  @BeforeEach
  void issue() throws Exception {
    authority = new TestCertificates("Test Authority");
    authority.issue("EC", "localhost").write(folder, "server");
    client = authority.client();
  }

  @AfterEach
  void close() {
    running.forEach(Fixture::close);
  }

  private static byte[] secret(int of) {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) of);
    return secret;
  }

  private Fixture worker(List<byte[]> secrets, String... more) throws Exception {
    String[] settings = {
      "ssl-provider",
      "openssl",
      "tls-listeners",
      "6",
      "certfile",
      folder + "/server.pem",
      "keyfile",
      folder + "/server.key"
    };
    String[] all = Arrays.copyOf(settings, settings.length + more.length);
    System.arraycopy(more, 0, all, settings.length, more.length);
    BlockingApp app =
        request ->
            Response.text(
                request.tls().map(TlsInfo::clientCertificates).orElse(List.of()).stream()
                    .map(one -> one.getSubjectX500Principal().getName())
                    .findFirst()
                    .orElse("nobody"));
    Fixture worker = Fixture.serving(app, all);
    running.add(worker);
    rekey(worker, secrets);
    return worker;
  }

  private static void rekey(Fixture worker, List<byte[]> secrets) {
    worker.context.ticketSecrets = secrets;
    worker.worker.rekey();
  }

  /** All workers are behind one port: to a client they are one server. */
  private Socket connect(Fixture worker) throws IOException {
    Fixture front = running.getFirst();
    Socket raw = new Socket(InetAddress.getLoopbackAddress(), front.port());
    front.serveNext(worker);
    return raw;
  }

  /** Whether a session goes on. */
  private boolean resumes(Fixture worker, SSLContext as, String protocol) throws IOException {
    try (Socket raw = connect(worker)) {
      try (TlsClient connected = new TlsClient(raw, as, "localhost", protocol)) {
        assertThat(connected.get("/").status()).isEqualTo(200);
        return connected.resumed();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void anyWorkerResumesWhatAnotherHasBegun(String protocol) throws Exception {
    Fixture one = worker(List.of(FIRST));
    Fixture other = worker(List.of(FIRST));
    assertThat(resumes(one, client, protocol)).isFalse();
    assertThat(resumes(other, client, protocol)).isTrue();
    assertThat(resumes(one, client, protocol)).isTrue();
  }

  @Test
  void withoutTheSameSecretsNobodyResumesAnothersSession() throws Exception {
    Fixture one = worker(List.of(FIRST));
    Fixture stranger = worker(List.of(SECOND));
    Fixture alone = worker(List.of());
    assertThat(resumes(one, client, "")).isFalse();
    assertThat(resumes(stranger, client, "")).isFalse();
    assertThat(resumes(alone, client, "")).isFalse();
    assertThat(resumes(alone, client, "")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aSecretIsAcceptedUntilItIsTwoRotationsOld(String protocol) throws Exception {
    Fixture worker = worker(List.of(FIRST, SECOND));
    assertThat(resumes(worker, client, protocol)).isFalse();
    rekey(worker, List.of(SECOND, FIRST));
    assertThat(resumes(worker, client, protocol)).isTrue();
    SSLContext later = authority.client(); // the other may still have tickets of the first one
    assertThat(resumes(worker, later, protocol)).isFalse();
    rekey(worker, List.of(THIRD, SECOND));
    assertThat(resumes(worker, later, protocol)).isTrue();
    SSLContext last = authority.client();
    assertThat(resumes(worker, last, protocol)).isFalse();
    rekey(worker, List.of(SECOND));
    assertThat(resumes(worker, last, protocol)).isFalse();
  }

  @Test
  void newCertificatesEndNoSession() throws Exception {
    Fixture worker = worker(List.of(FIRST));
    assertThat(resumes(worker, client, "")).isFalse();
    authority.issue("EC", "localhost").write(folder, "server");
    worker.worker.reopen();
    assertThat(worker.said("New certificates are in use")).isTrue();
    assertThat(resumes(worker, client, "")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aResumedSessionStillShowsWhoTheClientIs(String protocol) throws Exception {
    Files.writeString(folder.resolve("ca.pem"), pem(authority));
    String[] asking = {"ssl-cert-reqs", "required", "ca-certs", folder + "/ca.pem"};
    SSLContext alice = authority.client(authority.issue("EC", "alice"));
    for (Fixture worker : List.of(worker(List.of(FIRST), asking), worker(List.of(FIRST), asking))) {
      try (Socket raw = connect(worker)) {
        try (TlsClient connected = new TlsClient(raw, alice, "localhost", protocol)) {
          assertThat(connected.get("/").body()).isEqualTo("CN=alice");
          assertThat(connected.resumed()).isEqualTo(worker != running.getFirst());
        }
      }
    }
  }

  @Test
  void aClientIsJudgedAgainWhereOthersAreRevoked() throws Exception {
    Files.writeString(folder.resolve("ca.pem"), pem(authority));
    Path list = folder.resolve("crl.pem");
    Files.writeString(list, authority.revocations());
    TestCertificates.Issued bob = authority.issue("EC", "bob");
    SSLContext context = authority.client(bob);
    Fixture worker =
        worker(
            List.of(FIRST),
            "ssl-cert-reqs",
            "optional",
            "ca-certs",
            folder + "/ca.pem",
            "ssl-crl",
            list.toString());
    assertThat(resumes(worker, context, "")).isFalse();
    assertThat(resumes(worker, context, "")).isTrue();
    Files.writeString(list, authority.revocations(bob.certificate()));
    worker.worker.reopen();
    assertThatThrownBy(() -> resumes(worker, context, "")).isInstanceOf(IOException.class);
  }

  private static String pem(TestCertificates authority) throws Exception {
    String text = Base64.getMimeEncoder().encodeToString(authority.certificate().getEncoded());
    return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n";
  }
}
