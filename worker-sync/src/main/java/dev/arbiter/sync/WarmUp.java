package dev.arbiter.sync;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.worker.SocketPair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Requests the worker serves itself before it is ready, so that its first client is not the one who
 * waits for classes to be loaded. Over a pair of sockets of its own, with an app of its own: the
 * operator's app sees none of it. On the main thread.
 */
final class WarmUp {
  private static final int ROUNDS = 150;
  private static final Duration LIMIT = Duration.ofMillis(250);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final byte[] REQUESTS =
      """
      GET /?x=1 HTTP/1.1\r
      Host: localhost\r
      User-Agent: warm-up\r
      Accept: */*\r
      \r
      POST /stream HTTP/1.1\r
      Host: localhost\r
      Transfer-Encoding: chunked\r
      \r
      5\r
      hello\r
      0\r
      \r
      """
          .getBytes(US_ASCII);

  private static final byte[] LAST =
      "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(US_ASCII);

  private WarmUp() {}

  /** What answers: a small body, or a stream that repeats the request's. */
  static final class Echo implements BlockingApp {
    @Override
    public Response handle(Request request) throws IOException {
      if (!request.path().equals("/stream")) {
        return Response.text("hello");
      }
      byte[] body = request.body().readAllBytes();
      return Response.stream("text/plain", out -> out.write(body));
    }
  }

  /**
   * Serves {@code shared}'s app a few hundred requests, for a quarter of a second at most.
   *
   * @throws IOException the worker does not answer in time: for the log only
   * @throws IllegalStateException it cannot serve at all
   */
  static void run(Conversation.Shared shared, Watch watch)
      throws IOException, InterruptedException {
    SocketPair pair = SocketPair.open();
    Link client = new Link(Sockets.adopt(pair.ours(), true), true, shared.departure());
    Link server = new Link(Sockets.adopt(pair.theirs(), true), true, shared.departure());
    watch.add(server);
    AtomicReference<@Nullable Throwable> broken = new AtomicReference<>();
    Thread serving =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    new Conversation(shared, server).run();
                  } catch (IOException | InterruptedException failed) {
                    shared.say().accept("debug", "The warm-up was cut short: " + failed);
                  } catch (RuntimeException | Error thrown) {
                    broken.set(thrown); // such as a class that is missing
                  }
                });
    @Nullable IOException cut = null;
    try {
      ByteBuffer answer = ByteBuffer.allocate(16 * 1024);
      long end = Link.after(LIMIT);
      for (int i = 0; i < ROUNDS && System.nanoTime() - end < 0; i++) {
        client.write(ByteBuffer.wrap(REQUESTS), PATIENCE);
        client.read(answer.clear(), Link.after(PATIENCE));
      }
      client.write(ByteBuffer.wrap(LAST), PATIENCE);
      while (client.read(answer.clear(), Link.after(PATIENCE)) >= 0) {
        // What of the answers is still under way.
      }
    } catch (IOException failed) {
      cut = failed;
    } finally {
      client.close();
      serving.join(PATIENCE);
      watch.remove(server);
      server.close();
    }
    Throwable thrown = broken.get();
    if (thrown != null) {
      throw new IllegalStateException("No request can be served: " + thrown, thrown);
    }
    if (cut != null) {
      throw cut;
    }
  }
}
