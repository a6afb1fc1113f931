package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.RawClient;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code --loop nio}: the same worker with the JDK's selector. All tests of this module pass with
 * it, too: {@code mvn -pl worker-netty -am test -Dloop=nio}.
 */
class NioTest {
  @TempDir Path folder;

  private final BlockingApp echo =
      request -> Response.text(new String(request.body().readAllBytes(), UTF_8));

  @Test
  void aBodyGoesBothWaysOverTcp() throws Exception {
    try (Fixture fixture = Fixture.serving(echo, "loop", "nio");
        RawClient client = fixture.connect()) {
      String body = "x".repeat(300_000);
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
      assertThat(client.answer().body()).isEqualTo(body);
      assertThat(client.get("/").status()).as("on the same connection").isEqualTo(200);
    }
  }

  @Test
  void aFileGoesOutOverAUnixSocket() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[200_000]);
    try (Fixture fixture =
            Fixture.servingUnix(
                (BlockingApp) _ -> Response.file("application/octet-stream", file),
                folder.resolve("s"),
                "loop",
                "nio");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").body()).hasSize(200_000);
    }
  }

  @Test
  void aClientThatLeavesInTheMidstOfAFileIsNoNews() throws Exception {
    Path file = folder.resolve("large");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(256L << 20);
    }
    BlockingApp app = _ -> Response.file("application/octet-stream", file);
    try (Fixture fixture = Fixture.serving(app, "loop", "nio")) {
      for (int i = 0; i < 10; i++) {
        try (RawClient client = fixture.connect()) {
          client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head();
        }
      }
      Fixture.await(() -> fixture.open.get() == 0);
      assertThat(fixture.said("error")).isFalse();
    }
  }

  @Test
  void aHealthProbeIsAnswered() throws Exception {
    try (Fixture fixture = Fixture.serving(echo, "loop", "nio")) {
      assertThat(fixture.worker.probe("/").status()).isEqualTo(200);
    }
  }

  @Test
  void idleConnectionsCloseWhenTheWorkerLeaves() throws Exception {
    try (Fixture fixture = Fixture.serving(echo, "loop", "nio");
        RawClient client = fixture.connect()) {
      assertThat(client.get("/").status()).isEqualTo(200);
      fixture.drain(Duration.ZERO);
      assertThat(client.ended()).isTrue();
      Fixture.await(() -> fixture.open.get() == 0);
    }
  }
}
