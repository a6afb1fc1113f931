package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.http.RawClient.Answer;
import dev.arbiter.worker.BootFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --static}, the same for every kind and contract. */
@Timeout(60)
public abstract class StaticMountCases {
  private static final BlockingApp BLOCKING = request -> Response.text("app " + request.path());

  private static final AsyncApp ASYNC =
      (scope, _, send) -> {
        ByteBuffer text = UTF_8.encode("app " + ((HttpScope) scope).path());
        return send.send(new ResponseStart(200, Headers.empty()))
            .thenCompose(_ -> send.send(new ResponseBody(text, false)));
      };

  @TempDir Path folder;

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  @BeforeEach
  void someFiles() throws IOException {
    Files.createDirectories(folder.resolve("one/deep"));
    Files.createDirectories(folder.resolve("two"));
    Files.writeString(folder.resolve("secret.txt"), "secret");
    Files.writeString(folder.resolve("one/a.txt"), "0123456789");
    Files.writeString(folder.resolve("one/deep/b.txt"), "one");
    Files.writeString(folder.resolve("two/b.txt"), "two");
    Files.write(folder.resolve("one/large.bin"), new byte[1_000_000]);
  }

  private String mounts() {
    return "/assets=%s\n/assets/deep=%s".formatted(folder.resolve("one"), folder.resolve("two"));
  }

  @Test
  void filesAreServedBesideTheApp() throws Exception {
    for (App app : List.of(BLOCKING, ASYNC)) {
      try (Host host = serve(app, "static", mounts());
          RawClient client = host.connect()) {
        Answer answer = client.get("/assets/a.txt");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("0123456789");
        assertThat(answer.field("content-type")).isEqualTo("text/plain; charset=utf-8");
        assertThat(client.get("/assets/large.bin").body()).hasSize(1_000_000);
        assertThat(client.get("/assets/deep/b.txt").body()).isEqualTo("two");
        assertThat(client.get("/assets/missing").status()).isEqualTo(404);
        assertThat(client.get("/assets/..%2fsecret.txt").status()).isEqualTo(404);
        assertThat(client.get("/assets/../secret.txt").status()).isEqualTo(404);
        assertThat(client.get("/").body()).isEqualTo("app /");
        assertThat(client.get("/assetsx/a.txt").body()).isEqualTo("app /assetsx/a.txt");
      }
    }
  }

  @Test
  void conditionsAndRangesReachThem() throws Exception {
    for (App app : List.of(BLOCKING, ASYNC)) {
      try (Host host = serve(app, "static", mounts());
          RawClient client = host.connect()) {
        String get = "GET /assets/a.txt HTTP/1.1\r\nHost: a\r\n";
        Answer part = client.send(get + "Range: bytes=2-4\r\n\r\n").answer();
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.body()).isEqualTo("234");
        assertThat(part.field("content-range")).isEqualTo("bytes 2-4/10");
        String tag = part.field("etag");
        Answer same = client.send(get + "If-None-Match: " + tag + "\r\n\r\n").answer();
        assertThat(same.status()).isEqualTo(304);
        assertThat(same.field("etag").replace("W/", "")).isEqualTo(tag.replace("W/", ""));
        Answer head =
            client.send("HEAD /assets/large.bin HTTP/1.1\r\nHost: a\r\n\r\n").answer(true);
        assertThat(head.field("content-length")).isEqualTo("1000000");
        assertThat(client.send("POST /assets/a.txt HTTP/1.1\r\nHost: a\r\n\r\n").answer().status())
            .isEqualTo(405);
        assertThat(client.get("/next").body()).isEqualTo("app /next");
      }
    }
  }

  @Test
  void aFolderThatIsNotThereFailsTheBoot() {
    String missing = "/x=" + folder.resolve("missing");
    assertThatThrownBy(() -> serve(BLOCKING, "static", missing))
        .isInstanceOf(BootFailure.class)
        .hasMessageContaining("missing is no folder");
  }
}
