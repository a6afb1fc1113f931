package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.http.StrictCase.Sight;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * An app, in either contract, that remembers what it sees of each connection's requests. It reads
 * each body to its end, unless the path is {@code /unread}.
 */
public final class Witness {
  private static final int PATIENCE = 10;
  private static final String UNREAD = "/unread";
  private static final String TEXT = "seen\n";

  private final Map<Integer, List<CompletableFuture<Sight>>> seen = new ConcurrentHashMap<>();

  /** Expects requests from this port; nothing was sent from it yet. */
  public void expect(int port) {
    seen.put(port, new CopyOnWriteArrayList<>());
  }

  /**
   * What was seen from this port, each request to its end. A worker may refuse a body before the
   * app has begun to run, so waits for {@code least} of them, but not for ever.
   */
  public List<Sight> of(int port, int least) throws Exception {
    List<CompletableFuture<Sight>> sights = seen.getOrDefault(port, List.of());
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE);
    while (sights.size() < least && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    List<Sight> all = new ArrayList<>();
    for (CompletableFuture<Sight> one : sights) {
      all.add(one.get(PATIENCE, TimeUnit.SECONDS));
    }
    return all;
  }

  /** The same, to be printed. */
  String print(int port) {
    return seen.getOrDefault(port, List.of()).toString();
  }

  private CompletableFuture<Sight> called(RequestHead head) {
    CompletableFuture<Sight> sight = new CompletableFuture<>();
    int port = ((InetSocketAddress) head.client().orElseThrow()).getPort();
    seen.computeIfAbsent(port, _ -> new CopyOnWriteArrayList<>()).add(sight);
    return sight;
  }

  private static Sight sight(RequestHead head, ByteArrayOutputStream body, boolean whole) {
    List<String> fields = new ArrayList<>();
    head.headers().forEach((name, value) -> fields.add(name + ": " + value));
    String line = head.method() + " " + head.target() + " " + head.httpVersion();
    return new Sight(line, fields, body.toString(ISO_8859_1), whole);
  }

  /** The blocking app. */
  public BlockingApp blocking() {
    return request -> {
      CompletableFuture<Sight> sight = called(request);
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      boolean whole = false;
      try {
        if (!request.rawPath().equals(UNREAD)) {
          request.body().transferTo(body);
        }
        whole = true;
      } finally {
        sight.complete(sight(request, body, whole));
      }
      return Response.text(TEXT);
    };
  }

  /** The async app. */
  public AsyncApp async() {
    return (scope, receive, send) -> {
      HttpScope head = (HttpScope) scope;
      CompletableFuture<Sight> sight = called(head);
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      CompletionStage<Void> read =
          head.rawPath().equals(UNREAD)
              ? CompletableFuture.completedStage(null)
              : read(receive, body);
      return read.whenComplete((_, failure) -> sight.complete(sight(head, body, failure == null)))
          .thenCompose(_ -> send.send(new ResponseStart(200, Headers.empty())))
          .thenCompose(
              _ -> send.send(new ResponseBody(ByteBuffer.wrap(TEXT.getBytes(ISO_8859_1)), false)));
    };
  }

  private static CompletionStage<Void> read(Receive receive, ByteArrayOutputStream body) {
    return receive
        .next()
        .thenCompose(
            event -> {
              if (!(event instanceof RequestBody part)) {
                return CompletableFuture.failedFuture(new IOException("disconnected"));
              }
              byte[] bytes = new byte[part.bytes().remaining()];
              part.bytes().get(bytes);
              body.writeBytes(bytes);
              return part.more() ? read(receive, body) : CompletableFuture.completedFuture(null);
            });
  }
}
