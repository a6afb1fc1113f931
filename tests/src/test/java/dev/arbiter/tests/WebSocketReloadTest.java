package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** WebSockets outlive their workers: each is closed with 1012, and its client finds another. */
final class WebSocketReloadTest {
  private static final int CLIENTS = 16;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void clientsAreSentAwayWith1012AndFindTheNextGeneration(String kind) throws Exception {
    ArbiterProcess arbiter = arbiters.command().kind(kind).workers(2).faulty().start();
    Set<Long> workers = arbiter.awaitServing(2);
    List<Client> clients = new ArrayList<>();
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(new Client(http, arbiter.port()));
      }
      Await.until("all echo", Limits.ANSWER, () -> clients.stream().allMatch(c -> c.echoes() > 3));

      arbiter.signal(Os.Signal.HUP);
      Set<Long> next = arbiter.awaitReplaced(workers, 2);
      clients.forEach(Client::forget);
      Await.until("all echo", Limits.ANSWER, () -> clients.stream().allMatch(c -> c.echoes() > 3));

      for (Client client : clients) {
        assertThat(client.stop()).isEmpty();
        // The first may lead to a worker of the old generation that has not left yet.
        assertThat(client.restarts.get()).isPositive();
        assertThat(next).contains(client.worker);
      }
    }
  }

  /** Sends and gets back, until it is stopped; connects anew after 1012. */
  private static final class Client implements WebSocket.Listener {
    private final HttpClient http;
    private final URI address;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger restarts = new AtomicInteger();
    private final AtomicInteger echoes = new AtomicInteger();
    private final BlockingQueue<String> came = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile long worker;

    Client(HttpClient http, int port) {
      this.http = http;
      this.address = URI.create("ws://127.0.0.1:" + port + "/ws");
      this.thread = Thread.ofVirtual().start(this::run);
    }

    int echoes() {
      return echoes.get();
    }

    void forget() {
      echoes.set(0);
    }

    Queue<String> stop() throws InterruptedException {
      stopping = true;
      if (!thread.join(Limits.ANSWER)) {
        failures.add("does not end");
      }
      return failures;
    }

    private void run() {
      try {
        while (!stopping && failures.isEmpty()) {
          WebSocket socket = http.newWebSocketBuilder().buildAsync(address, this).join();
          while (!stopping && echo(socket)) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
          }
          socket.abort();
        }
      } catch (CompletionException failed) {
        failures.add(failed.toString());
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    private boolean echo(WebSocket socket) throws InterruptedException {
      String sent = "number " + echoes;
      socket.sendText(sent, true); // fails if a Close came: it is in the queue then
      String back = came.poll(Limits.ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      if (back != null && back.endsWith(" " + sent)) {
        worker = Long.parseLong(back.substring(0, back.indexOf(' ')));
        echoes.incrementAndGet();
        return true;
      }
      if ("close 1012".equals(back)) {
        restarts.incrementAndGet();
      } else {
        failures.add(sent + " -> " + back);
      }
      return false;
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      came.add(text.toString());
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      came.add("close " + code);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      came.add(error.toString());
    }
  }
}
