package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.embedded.Server;
import jakarta.ws.rs.container.AsyncResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** JAX-RS over the async contract, in a worker. */
@Timeout(60)
class AsyncJerseyServerTest {
  private final List<String> log = new CopyOnWriteArrayList<>();

  private Server started(AsyncJerseyApp app) throws Exception {
    return Server.builder(app)
        .log(
            (level, text) -> {
              if (level.compareTo(System.Logger.Level.WARNING) >= 0) {
                log.add(text);
              }
            })
        .build()
        .startup();
  }

  private static HttpRequest get(Server server, String path) {
    return HttpRequest.newBuilder(server.uri().resolve(path)).build();
  }

  @Test
  void bodiesAndRoomsPassThroughARealWorker() throws Exception {
    String numbers = IntStream.range(0, 5000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    try (Server server = started(new Later());
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(
              client
                  .send(get(server, "/numbers/5000"), HttpResponse.BodyHandlers.ofString())
                  .body())
          .isEqualTo(numbers);
      URI size = server.uri().resolve("/size");
      HttpRequest post =
          HttpRequest.newBuilder(size)
              .expectContinue(true)
              .POST(HttpRequest.BodyPublishers.ofString(numbers))
              .build();
      assertThat(client.send(post, HttpResponse.BodyHandlers.ofString()).body())
          .isEqualTo(numbers.length() + " bytes\n");

      CompletableFuture<HttpResponse<String>> waits =
          client.sendAsync(get(server, "/rooms/tea"), HttpResponse.BodyHandlers.ofString());
      HttpRequest milk =
          HttpRequest.newBuilder(server.uri().resolve("/rooms/tea"))
              .POST(HttpRequest.BodyPublishers.ofString("milk?"))
              .build();
      while (!client.send(milk, HttpResponse.BodyHandlers.ofString()).body().equals("heard\n")) {
        Thread.sleep(10);
      }
      assertThat(waits.get(10, TimeUnit.SECONDS).body()).isEqualTo("milk?");
    }
    assertThat(log).isEmpty();
  }

  @Test
  void aClientThatLeavesCancelsWhatItWaitsForAndIsNoFailure() throws Exception {
    AsyncJerseyAppTest.Probe probe = new AsyncJerseyAppTest.Probe();
    try (Server server = started(AsyncJerseyAppTest.running(probe))) {
      AsyncResponse response;
      try (Socket socket = connect(server, "GET /waits HTTP/1.1")) {
        response = probe.suspended.get(10, TimeUnit.SECONDS);
        assertThat(socket.isConnected()).isTrue();
      }
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(response.isCancelled()).isTrue();
    }
    assertThat(log).isEmpty();
  }

  @Test
  void whoWaitsToSendABodyNobodyReadsIsNotAskedForIt() throws Exception {
    AsyncJerseyAppTest.Probe probe = new AsyncJerseyAppTest.Probe();
    try (Server server = started(AsyncJerseyAppTest.running(probe));
        Socket socket =
            connect(server, "POST /waits HTTP/1.1", "Expect: 100-continue", "Content-Length: 5")) {
      probe.suspended.get(10, TimeUnit.SECONDS).resume("no, thanks");
      String answer = new String(socket.getInputStream().readNBytes(12), UTF_8);
      assertThat(answer).isEqualTo("HTTP/1.1 200");
    }
  }

  private static Socket connect(Server server, String... lines) throws IOException {
    Socket socket = new Socket(server.address().getAddress(), server.address().getPort());
    String head = String.join("\r\n", lines) + "\r\nHost: test\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(UTF_8));
    return socket;
  }

  @Test
  void aResponseThatFailsInTheMiddleIsSeenToBeCut() throws Exception {
    try (Server server = started(AsyncJerseyAppTest.running(new AsyncJerseyAppTest.Probe()));
        HttpClient client = HttpClient.newHttpClient()) {
      InputStream body =
          client.send(get(server, "/breaks"), HttpResponse.BodyHandlers.ofInputStream()).body();
      assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
    }
    assertThat(log).singleElement().asString().contains("no more tea");
  }

  @Test
  void chunksEndWithTheirClientAndThatIsNoFailure() throws Exception {
    AsyncJerseyAppTest.Probe probe = new AsyncJerseyAppTest.Probe();
    try (Server server = started(AsyncJerseyAppTest.running(probe))) {
      try (Socket socket = connect(server, "GET /chunks HTTP/1.1")) {
        assertThat(socket.getInputStream().readNBytes(100_000)).hasSize(100_000);
      }
      assertThat(probe.over.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(log).isEmpty();
  }
}
