package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Headers;
import dev.arbiter.http.ResponseHead.Framing;
import dev.arbiter.worker.WorkerSettings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResponseHeadTest {
  private final ResponseHead head =
      new ResponseHead(
          HttpSettings.from(
              new WorkerSettings(Map.of("server-header", "false", "date-header", "false"))));

  private static IncomingHead request(String method, String version) {
    IncomingHead request = new IncomingHead(RequestRules.STANDARD);
    assertThat(request.line(method, "/", version)).isTrue();
    assertThat(request.field("Host", "a")).isTrue();
    assertThat(request.end()).isTrue();
    return request;
  }

  private String encode(
      String method, String version, int status, long known, String... namesAndValues) {
    head.encode(request(method, version), status, Headers.of(namesAndValues), known, true);
    return new String(head.bytes(), 0, head.length(), ISO_8859_1);
  }

  @Test
  void aKnownLengthIsAnnounced() {
    assertThat(encode("GET", "HTTP/1.1", 200, 1205, "x-a", "b"))
        .isEqualTo("HTTP/1.1 200 OK\r\nx-a: b\r\nContent-Length: 1205\r\n\r\n");
    assertThat(head.framing()).isEqualTo(Framing.LENGTH);
    assertThat(encode("GET", "HTTP/1.1", 200, 0)).contains("Content-Length: 0\r\n");
  }

  @Test
  void anUnknownLengthIsChunkedOrEndsTheConnection() {
    assertThat(encode("GET", "HTTP/1.1", 200, -1)).contains("Transfer-Encoding: chunked\r\n");
    assertThat(encode("GET", "HTTP/1.0", 200, -1)).contains("Connection: close\r\n");
    assertThat(head.framing()).isEqualTo(Framing.UNTIL_CLOSE);
  }

  @Test
  void theAppDoesNotDecideTheFraming() {
    assertThat(
            encode(
                "GET", "HTTP/1.1", 200, 2, "Transfer-Encoding", "chunked", "Keep-Alive", "max=1"))
        .isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    assertThat(encode("GET", "HTTP/1.1", 200, 2, "connection", "close"))
        .endsWith("Connection: close\r\n\r\n");
    assertThat(head.keepAlive()).isFalse();
  }

  @Test
  void bodilessAnswers() {
    assertThat(encode("HEAD", "HTTP/1.1", 200, 7)).contains("Content-Length: 7\r\n");
    assertThat(head.framing()).isEqualTo(Framing.NONE);
    assertThat(encode("HEAD", "HTTP/1.1", 200, -1, "content-length", "9"))
        .contains("Content-Length: 9\r\n");
    assertThat(encode("GET", "HTTP/1.1", 204, 0, "content-length", "0"))
        .isEqualTo("HTTP/1.1 204 No Content\r\n\r\n");
    assertThat(encode("GET", "HTTP/1.1", 304, 0)).isEqualTo("HTTP/1.1 304 Not Modified\r\n\r\n");
  }

  @Test
  void http10IsToldThatTheConnectionIsKept() {
    assertThat(encode("GET", "HTTP/1.0", 200, 1)).contains("Connection: keep-alive\r\n");
  }

  @Test
  void anInjectedLineIsRefused() {
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 200, 1, "x", "a\r\nb: c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\\u000d");
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 200, 1, "x y", "a"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 200, 1, "x", "\u20ac"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 99, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aWrongDeclaredLengthIsAnError() {
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 200, 3, "content-length", "2"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> encode("GET", "HTTP/1.1", 200, -1, "content-length", "x"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void longHeadsGrowTheBuffer() {
    assertThat(encode("GET", "HTTP/1.1", 200, 1, "x", "y".repeat(9000))).hasSizeGreaterThan(9000);
  }
}
