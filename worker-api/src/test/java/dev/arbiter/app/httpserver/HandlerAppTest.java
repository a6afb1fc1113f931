package dev.arbiter.app.httpserver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class HandlerAppTest {
  @Test
  void aSmallBodyIsHandedOverWhole() throws Exception {
    Response response =
        ask(
            exchange -> {
              exchange.getResponseHeaders().set("X-Path", exchange.getRequestURI().getPath());
              exchange.sendResponseHeaders(201, 0);
              try (OutputStream out = exchange.getResponseBody()) {
                out.write(exchange.getRequestBody().readAllBytes());
              }
            });
    assertThat(response.status()).isEqualTo(201);
    assertThat(response.headers().first("x-path")).contains("/a b");
    assertThat(response.body())
        .isInstanceOfSatisfying(
            Response.Body.Bytes.class, body -> assertThat(body.bytes()).asString().isEqualTo("in"));
  }

  @Test
  void aLargeBodyIsStreamed() throws Exception {
    byte[] part = "0123456789".repeat(1000).getBytes(UTF_8);
    Response response =
        ask(
            exchange -> {
              exchange.sendResponseHeaders(200, 100L * part.length);
              for (int i = 0; i < 100; i++) {
                exchange.getResponseBody().write(part);
              }
              exchange.close();
            });
    assertThat(response.headers().first("content-length")).contains("1000000");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ((Response.Body.Stream) response.body()).writer().writeTo(out);
    assertThat(out.size()).isEqualTo(1_000_000);
  }

  @Test
  void aFlushSendsWhatThereIs() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    Response response =
        ask(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              exchange.getResponseBody().write('1');
              exchange.getResponseBody().flush();
              awaitUninterruptibly(seen);
              exchange.getResponseBody().write('2');
            });
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public void flush() {
            seen.countDown();
          }
        };
    ((Response.Body.Stream) response.body()).writer().writeTo(out);
    assertThat(out.toString(UTF_8)).isEqualTo("12");
  }

  @Test
  void aFailureBeforeTheHeadIsThrown() {
    assertThatThrownBy(
            () ->
                ask(
                    _ -> {
                      throw new IOException("broken");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("broken");
    assertThatThrownBy(() -> ask(_ -> {})).hasMessageContaining("without a response");
  }

  @Test
  void aClientThatHasGoneFailsTheHandlersWrite() throws Exception {
    AtomicReference<Throwable> seen = new AtomicReference<>();
    CountDownLatch ended = new CountDownLatch(1);
    Response response =
        ask(
            exchange -> {
              exchange.sendResponseHeaders(200, 0);
              try {
                while (true) {
                  exchange.getResponseBody().write(new byte[1000]);
                }
              } catch (IOException gone) {
                seen.set(gone);
                ended.countDown();
                throw gone;
              }
            });
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("reset");
          }
        };
    assertThatThrownBy(() -> ((Response.Body.Stream) response.body()).writer().writeTo(broken))
        .hasMessage("reset");
    ended.await();
    assertThat(seen.get()).hasMessageContaining("client has gone");
  }

  /** A handler may let the loopback address do what it lets nobody else. */
  @Test
  void aClientThatIsNotKnownIsNotTakenForThisMachine() throws Exception {
    AtomicReference<InetSocketAddress> seen = new AtomicReference<>();
    ask(
        exchange -> {
          seen.set(exchange.getRemoteAddress());
          exchange.sendResponseHeaders(204, -1);
        });
    assertThat(seen.get().getAddress().isLoopbackAddress()).isFalse();
    assertThat(seen.get().getAddress().isAnyLocalAddress()).isTrue();
  }

  @Test
  void aTargetThatIsNoUriIsABadRequest() throws Exception {
    HandlerApp app = new HandlerApp(_ -> {});
    assertThat(app.handle(new Asked("/a|b")).status()).isEqualTo(400);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  private static Response ask(HttpHandler handler) throws Exception {
    return new HandlerApp(handler).handle(new Asked("/a%20b?x=1"));
  }

  private record Asked(String target) implements Request {
    @Override
    public String method() {
      return "POST";
    }

    @Override
    public String rawPath() {
      return target;
    }

    @Override
    public String path() {
      return target;
    }

    @Override
    public String query() {
      return "";
    }

    @Override
    public String httpVersion() {
      return "HTTP/1.1";
    }

    @Override
    public String scheme() {
      return "http";
    }

    @Override
    public Headers headers() {
      return Headers.of("Host", "a");
    }

    @Override
    public Optional<SocketAddress> client() {
      return Optional.empty();
    }

    @Override
    public Optional<SocketAddress> server() {
      return Optional.empty();
    }

    @Override
    public String rootPath() {
      return "";
    }

    @Override
    public Map<String, Object> state() {
      return Map.of();
    }

    @Override
    public InputStream body() {
      return new ByteArrayInputStream("in".getBytes(UTF_8));
    }
  }
}
