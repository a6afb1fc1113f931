package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.RawClient.Answer;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same in HTTP/1, and what only that has. */
public abstract class Http1AccessLogContract extends AccessLogContract {
  /** For the subclasses. */
  protected Http1AccessLogContract() {}

  @Override
  protected final String version() {
    return "HTTP/1.1";
  }

  private static String request(String method, String target, String body, String... fields) {
    StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nhost: a\r\n");
    boolean announced = false;
    for (int i = 0; i < fields.length; i += 2) {
      announced |= fields[i].equals("content-length");
      request.append(fields[i]).append(": ").append(fields[i + 1]).append("\r\n");
    }
    if (announced || body.isEmpty()) {
      return request.append("\r\n").append(body).toString();
    }
    String length = Integer.toHexString(body.length());
    return request
        .append("transfer-encoding: chunked\r\n\r\n")
        .append(String.join("\r\n", length, body, "0", "", ""))
        .toString();
  }

  @Override
  protected final Answer ask(
      Server server, String method, String target, String body, String... fields)
      throws IOException {
    try (RawClient client = server.connect()) {
      return client.send(request(method, target, body, fields)).answer(method.equals("HEAD"));
    }
  }

  @Override
  protected final void leaveInAnswer(Server server, String target) throws IOException {
    try (RawClient client = server.connect()) {
      client.send(request("GET", target, "")).head();
    }
  }

  @Override
  protected final void leaveInBody(Server server, String target) throws IOException {
    try (RawClient client = server.connect()) {
      client.send(request("POST", target, "half", "content-length", "9"));
    }
  }

  private String asked(String request, String... settings) throws Exception {
    try (Server server = logging(null, SHORT + " %(H)s", settings);
        RawClient client = server.connect()) {
      client.send(request).rest();
      awaitLines(1);
    }
    assertThat(lines()).hasSize(1);
    return lines().getFirst();
  }

  @Test
  void theOlderVersion() throws Exception {
    assertThat(asked("GET /stream HTTP/1.0\r\n\r\n"))
        .isEqualTo("GET /stream HTTP/1.0 200 6 HTTP/1.0");
  }

  @Test
  void eachOfManyOnAConnectionHasALineInTheirOrder() throws Exception {
    try (Server server = logging(null, SHORT);
        RawClient client = server.connect()) {
      client.send(
          request("GET", "/1", "") + request("GET", "/stream", "") + request("GET", "/2", ""));
      for (int i = 0; i < 3; i++) {
        assertThat(client.answer().status()).isEqualTo(200);
      }
      awaitLines(3);
    }
    assertThat(lines())
        .containsExactly(
            "GET /1 HTTP/1.1 200 5", "GET /stream HTTP/1.1 200 6", "GET /2 HTTP/1.1 200 5");
  }

  /** What could be read of it; its answer is counted as any other. */
  @ParameterizedTest
  @CsvSource({
    "GET / HTTP/9.9\\r\\n\\r\\n, GET / HTTP/9.9 505 [0-9]+ HTTP/9.9",
    "GET / HTTP/1.1\\r\\n\\r\\n, GET / HTTP/1.1 400 [0-9]+ HTTP/1.1",
    "GET / HTTP/1.1\\r\\nhost: a\\r\\nhost: a\\r\\n\\r\\n, GET / HTTP/1.1 400 [0-9]+ HTTP/1.1",
    "nothing\\r\\n\\r\\n, - 400 [0-9]+ -",
    "\\1\\2\\3\\r\\n\\r\\n, - 400 [0-9]+ -",
    "GET /\\r\\nhost: a\\r\\n\\r\\n, - 400 [0-9]+ -",
  })
  void aRequestThatIsNone(String request, String line) throws Exception {
    assertThat(asked(request.translateEscapes())).matches(line);
  }

  @ParameterizedTest
  @CsvSource({
    "GET /a HTTP/1.1\\r\\nHo, GET /a HTTP/1.1 408 [0-9]+ HTTP/1.1",
    "GET /a HT, - 408 [0-9]+ -",
  })
  void aHeadThatDoesNotCome(String request, String line) throws Exception {
    assertThat(asked(request.translateEscapes(), "header-timeout", "200")).matches(line);
  }

  @Test
  void aBodyThatDoesNotCome() throws Exception {
    String request = request("POST", "/read", "half", "content-length", "9");
    assertThat(asked(request, "body-timeout", "200")).matches("POST /read HTTP/1.1 408 [0-9]+ .*");
  }

  // ---- WebSockets

  private static final String[] HANDSHAKE = {
    "connection",
    "upgrade",
    "upgrade",
    "websocket",
    "sec-websocket-version",
    "13",
    "sec-websocket-key",
    "dGhlIHNhbXBsZSBub25jZQ=="
  };

  @Test
  void aWebSocketHasItsLineWhenItBegins() throws Exception {
    try (Server server = logging(null, SHORT + " %({x-out}o)s %({upgrade}i)s");
        RawClient client = server.connect()) {
      assertThat(client.send(request("GET", "/socket", "", HANDSHAKE)).head().status())
          .isEqualTo(101);
      awaitLines(1);
      client.bytes(7);
    }
    assertThat(lines()).containsExactly("GET /socket HTTP/1.1 101 0 7 websocket");
  }

  @Test
  void aHandshakeThatIsRefused() throws Exception {
    String[] wrong = HANDSHAKE.clone();
    wrong[5] = "8";
    assertThat(asked(request("GET", "/socket", "", wrong)))
        .matches("GET /socket HTTP/1.1 426 [0-9]+ HTTP/1.1");
  }

  // ---- as JSON

  @Test
  void aWebSocketInJson() throws Exception {
    try (Server server = logging(null, "json");
        RawClient client = server.connect()) {
      assertThat(client.send(request("GET", "/socket", "", HANDSHAKE)).head().status())
          .isEqualTo(101);
      awaitLines(1);
    }
    assertThat(lines().stream().map(AccessLogContract::withoutTimes))
        .containsExactly(
            "{\"client\":\"127.0.0.1\",\"method\":\"GET\",\"path\":\"/socket\","
                + "\"version\":\"HTTP/1.1\",\"status\":101,\"bytes\":0,"
                + pid());
  }

  /** What the other format has a dash for is not there. */
  @ParameterizedTest
  @CsvSource({
    "nothing\\r\\n\\r\\n, 400, ''",
    "GET /a HT, 408, ''",
    "GET /a?b HTTP/9.9\\r\\n\\r\\n, 505, '\"method\":\"GET\",\"path\":\"/a\",\"query\":\"b\",\"version\":\"HTTP/9.9\",'",
  })
  void aRefusedRequestInJson(String request, int status, String known) throws Exception {
    String body;
    try (Server server = logging(null, "json", "header-timeout", "200");
        RawClient client = server.connect()) {
      body = client.send(request.translateEscapes()).answer().body();
      awaitLines(1);
    }
    assertThat(lines().stream().map(AccessLogContract::withoutTimes))
        .containsExactly(
            "{\"client\":\"127.0.0.1\","
                + known
                + "\"status\":"
                + status
                + ",\"bytes\":"
                + body.length()
                + ","
                + pid());
  }

  // ---- other ways to it

  @Test
  void onAUnixSocketThereIsNoAddress() throws Exception {
    try (Server server = logging(folder.resolve("s"), "%(h)s %({remote_addr}e)s " + SHORT)) {
      ask(server, "GET", "/a", "");
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("- - GET /a HTTP/1.1 200 5");
  }

  @Test
  void behindUwsgiItIsWhatTheProxySays() throws Exception {
    String[] settings =
        Stream.of(UwsgiCases.SETTINGS, new String[] {"limit-request-body", "10"})
            .flatMap(Arrays::stream)
            .toArray(String[]::new);
    try (Server server =
        logging(null, "%(h)s " + SHORT + " %(H)s %(a)s %({remote_port}e)s", settings)) {
      for (String length : new String[] {"0", "11"}) {
        try (RawClient client = server.connect()) {
          client
              .send(
                  UwsgiCases.packet(
                      "REQUEST_METHOD=GET",
                      "REQUEST_URI=/stream?a=b",
                      "SERVER_PROTOCOL=HTTP/2.0",
                      "CONTENT_LENGTH=" + length,
                      "REMOTE_ADDR=1.2.3.4",
                      "REMOTE_PORT=56",
                      "HTTP_USER_AGENT=curl/8"))
              .rest();
        }
      }
      awaitLines(2);
    }
    assertThat(lines().getFirst())
        .isEqualTo("1.2.3.4 GET /stream?a=b HTTP/1.0 200 6 HTTP/1.0 curl/8 56");
    assertThat(lines().getLast())
        .matches("1.2.3.4 GET /stream.a=b HTTP/1.0 413 [0-9]+ HTTP/1.0 curl/8 56");
  }
}
