package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.RawClient;
import dev.arbiter.http.RawClient.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The handshake in HTTP/1.1, and all that follows it: a kind's test says how it is started. */
public abstract class HandshakeContract extends WebSocketContract {

  /** For the subclasses. */
  protected HandshakeContract() {}

  // ---- the handshake

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void handshakeIsAnsweredAsInTheRfc(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      Answer answer = client.ask("/");
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.field("upgrade")).isEqualTo("websocket");
      assertThat(answer.field("connection")).isEqualTo("Upgrade");
      assertThat(answer.field("sec-websocket-accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      assertThat(answer.fields())
          .doesNotContainKeys("sec-websocket-extensions", "sec-websocket-protocol")
          .doesNotContainKeys("content-length", "transfer-encoding");
      await(() -> server.traffic().done() == 1); // counted when it was sent
      assertThat(server.traffic().inFlight()).isZero();
      assertThat(server.traffic().statusClasses().getFirst()).isEqualTo(1);
    }
  }

  @Test
  void anAppThatGoesOnAfterItHasRefusedHoldsUpNobody() throws Exception {
    try (Server server = serving(false);
        WebSocketClient client = client(server)) {
      assertThat(client.ask("/lingers").status()).isEqualTo(401);
      assertThat(client.ended()).as("what may follow a handshake is no request").isEqualTo("end");
      apps.released.completeExceptionally(new IllegalStateException("on purpose"));
      await(
          () ->
              server.context().said.stream()
                  .anyMatch(
                      line ->
                          line.contains("GET /lingers: the app failed after its response: ")
                              && line.contains("on purpose")));
    }
  }

  /** Each line: what becomes of the request of the RFC, the status, a part of the answer. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Upgrade: websocket | Upgrade: WebSocket, foo | 101 | ''",
        "Connection: Upgrade | Connection: keep-alive, uPgRaDe | 101 | ''",
        "Version: 13 | Version: 8 | 426 | Sec-WebSocket-Version is not 13",
        "Version: 13 | Version: 13, 8 | 426 | ''",
        "Sec-WebSocket-Version: 13 | X: y | 426 | ''",
        "b25jZQ== | b25jZQ= | 400 | Sec-WebSocket-Key",
        "b25jZQ== | b25jZ!== | 400 | Sec-WebSocket-Key",
        "b25jZQ== | b25jZWU= | 400 | Sec-WebSocket-Key",
        "Sec-WebSocket-Key | X | 400 | Sec-WebSocket-Key",
        "GET | POST | 400 | is a GET",
        "Host: a | Host: a; Content-Length: 3 | 400 | no body",
        "Host: a | Host: a; Transfer-Encoding: chunked | 400 | no body",
        "Host: a | Host: a; Sec-WebSocket-Protocol: a b | 400 | Sec-WebSocket-Protocol",
        "Host: a | Host: a; Sec-WebSocket-Protocol: a, a | 400 | Sec-WebSocket-Protocol",
        "Host: a | Host: a; Sec-WebSocket-Extensions: x=y= | 400 | Sec-WebSocket-Extensions",
        "Upgrade: websocket | Upgrade: h2c | 200 | plain",
        "Connection: Upgrade | X: y | 200 | plain",
        "HTTP/1.1 | HTTP/1.0 | 200 | plain",
      })
  void handshakeIsJudged(String from, String to, int status, String part) throws Exception {
    try (WebSocketClient client = client(shared())) {
      String path = status == 101 ? "/" : "/plain";
      client.raw().send(WebSocketClient.handshake(path).replace(from, to.replace("; ", "\r\n")));
      Answer head = client.raw().head();
      assertThat(head.status()).isEqualTo(status);
      if (status == 426) {
        assertThat(head.field("sec-websocket-version")).isEqualTo("13");
        assertThat(head.field("connection")).isEqualTo("close, upgrade");
      }
      if (status != 101) {
        assertThat(client.raw().bytes(Integer.parseInt(head.field("content-length"))))
            .contains(part);
      }
      if (status >= 400) {
        assertThat(client.ended()).isEqualTo("end");
      }
    }
  }

  @Test
  void withoutWebSocketsAHandshakeIsARequestLikeOthers() throws Exception {
    try (Server server = serving(true, "ws", "none");
        WebSocketClient client = client(server)) {
      assertThat(client.ask("/plain").body()).isEqualTo("plain 0");
      assertThat(client.ask("/").status()).isEqualTo(426);
      assertThat(client.ask("/plain").body()).isEqualTo("plain 0");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAppMayAnswerAsToAnyRequest(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      Answer answer = client.ask("/plain");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("plain 0");
      assertThat(answer.field("connection")).isEqualTo("close");
    }
  }

  @ParameterizedTest
  @CsvSource({"true,426", "false,500"})
  void webSocketForARequestThatAsksForNoneIsTheAppsMistake(boolean blocking, int status)
      throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      Answer answer = client.raw().get("/other");
      assertThat(answer.status()).isEqualTo(status);
      assertThat(server.context().said).anyMatch(line -> line.startsWith("error:"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void framesRightBehindTheHandshakeAndARequestBeforeIt(boolean blocking) throws Exception {
    try (Server server = serving(blocking);
        WebSocketClient client = client(server)) {
      String all =
          "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"
              + WebSocketClient.handshake("/")
              + new String(WebSocketClient.frame(0x81, "early"), ISO_8859_1);
      client.raw().send(all);
      assertThat(client.raw().answer().body()).isEqualTo("plain 0");
      assertThat(client.raw().head().status()).isEqualTo(101);
      assertThat(client.shown()).isEqualTo("text early");
      assertThat(client.text("later").shown()).isEqualTo("text later");
    }
  }

  // ---- beside other requests

  @Test
  void waitingHandlersHoldUpNobody() throws Exception {
    try (Server server = serving(true, "threads", "1");
        WebSocketClient one = client(server).open("/");
        WebSocketClient two = client(server).open("/");
        RawClient other = server.connect()) {
      assertThat(one.text("1").shown()).isEqualTo("text 1");
      assertThat(other.get("/plain").body()).isEqualTo("plain 0");
      assertThat(two.text("2").shown()).isEqualTo("text 2");
      assertThat(other.get("/plain").body()).isEqualTo("plain 0");
    }
  }
}
