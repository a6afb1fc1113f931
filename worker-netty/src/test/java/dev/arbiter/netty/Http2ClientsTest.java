package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.tls.TestCertificates;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's client, which asks for an upgrade in the clear and uses ALPN under TLS. */
class Http2ClientsTest {
  private static final int MANY = 50;

  private final BlockingApp echo =
      request -> {
        byte[] body = request.body().readAllBytes();
        return Response.stream("application/octet-stream", out -> out.write(body));
      };

  private static void exchange(Fixture fixture, HttpClient client, String scheme) throws Exception {
    URI uri = URI.create(scheme + "://localhost:" + fixture.port() + "/");
    // The connection is accepted by this thread, while the client waits for it.
    CompletableFuture<HttpResponse<String>> first =
        client.sendAsync(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    fixture.serveNext();
    assertThat(first.get().version()).isEqualTo(HttpClient.Version.HTTP_2);

    byte[] large = new byte[3_000_000];
    new Random(1).nextBytes(large);
    HttpRequest upload =
        HttpRequest.newBuilder(uri).POST(BodyPublishers.ofByteArray(large)).build();
    HttpResponse<byte[]> back = client.send(upload, BodyHandlers.ofByteArray());
    assertThat(back.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(back.body()).isEqualTo(large);

    List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      HttpRequest one = HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString("n" + i)).build();
      all.add(client.sendAsync(one, BodyHandlers.ofString()));
    }
    for (int i = 0; i < MANY; i++) {
      assertThat(all.get(i).get().body()).isEqualTo("n" + i);
    }
    assertThat(fixture.open.get()).isEqualTo(1);
  }

  @Test
  void inTheClear() throws Exception {
    try (Fixture fixture = Fixture.serving(echo, "h2c", "both");
        HttpClient client = HttpClient.newHttpClient()) {
      exchange(fixture, client, "http");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdk", "openssl"})
  void underTls(String provider, @TempDir Path folder) throws Exception {
    TestCertificates authority = new TestCertificates("Test Authority");
    authority.issue("EC", "localhost").write(folder, "server");
    Path log = folder.resolve("access.log");
    String[] settings = {
      "ssl-provider",
      provider,
      "certfile",
      folder + "/server.pem",
      "keyfile",
      folder + "/server.key",
      "tls-listeners",
      "6",
      "access-log",
      "true",
      "access-logfile",
      log.toString(),
      "access-logformat",
      "%(h)s %(r)s %(s)s %(B)s"
    };
    try (Fixture fixture = Fixture.serving(echo, settings);
        HttpClient client = HttpClient.newBuilder().sslContext(authority.client()).build()) {
      exchange(fixture, client, "https");
    }
    assertThat(Files.readAllLines(log))
        .hasSize(MANY + 2)
        .startsWith("127.0.0.1 GET / HTTP/2 200 0", "127.0.0.1 POST / HTTP/2 200 3000000")
        .allMatch(line -> line.matches("127\\.0\\.0\\.1 (GET|POST) / HTTP/2 200 [0-9]+"));
  }
}
