package dev.arbiter.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.Http1AccessLogContract;
import dev.arbiter.http.RawClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessLogTest extends Http1AccessLogContract {
  @TempDir Path files;

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    return new FrontTest().serve(unix, app, settings);
  }

  /** Here it is only the write of the answer that finds the client gone. */
  @ParameterizedTest
  @CsvSource({"5,,", "8000,,", "100000,,", "5,file,true", "100000,file,true", "100000,file,false"})
  void anAnswerOfWhichNothingCouldBeSentHasNoBytes(
      int length, @Nullable String file, @Nullable String sendfile) throws Exception {
    Path there = Files.write(files.resolve("file"), new byte[length]);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch gone = new CountDownLatch(1);
    BlockingApp app =
        _ -> {
          begun.countDown();
          gone.await();
          return file == null
              ? Response.bytes("text/plain", new byte[length])
              : Response.file("text/plain", there);
        };
    try (Server server = loggingOf(app, "sendfile", sendfile == null ? "true" : sendfile);
        RawClient client = server.connect()) {
      client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
      begun.await();
      client.breakOff();
      gone.countDown();
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("GET /gone HTTP/1.1 200 0");
  }
}
