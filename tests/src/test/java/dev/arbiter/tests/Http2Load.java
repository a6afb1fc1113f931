package dev.arbiter.tests;

import dev.arbiter.tests.FrameClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Clients of HTTP/2 with a connection each, on which several POSTs are under way at once; they try
 * nothing again. A client connects anew when it has been told to go, which must happen by the book:
 * one GOAWAY that names no stream, one that names the last it has opened, and the end behind that.
 * A connection that breaks is one failure, however many of its streams that ends.
 */
final class Http2Load extends Load {
  private static final int STREAMS = 4;
  private static final int BODY = 2000;

  private final Door<FrameClient> door;

  private Http2Load(Door<FrameClient> door, Duration pace) {
    super(pace);
    this.door = door;
  }

  /**
   * @param pace between the answers of all streams and the next requests
   */
  static Http2Load start(Door<FrameClient> door, int clients, Duration pace) {
    Http2Load load = new Http2Load(door, pace);
    load.start(clients, load::run);
    return load;
  }

  private void run() {
    while (!stopping()) {
      int port = -1;
      long worker = 0;
      try (FrameClient client = door.open()) {
        port = client.localPort();
        client.get("/pid");
        worker = Long.parseLong(client.response().body().strip());
        answeredBy(worker);
        opens();
        while (!stopping() && !client.leaving()) {
          rest();
          post(client);
        }
        if (client.leaving()) {
          List<Integer> named = client.untilEnd();
          isTold();
          if (!named.equals(List.of(FrameClient.ALL_STREAMS, client.last()))) {
            String detail = "GOAWAYs name " + named + ", the last stream was " + client.last();
            failed(Outcome.BAD_RESPONSE, worker, port, detail);
          }
        }
      } catch (IOException e) {
        failed(outcome(e), worker, port, e.toString());
        rest();
      }
    }
  }

  private void post(FrameClient client) throws IOException {
    long begin = System.nanoTime();
    Map<Integer, String> sent = new HashMap<>();
    for (int i = 0; i < STREAMS; i++) {
      String body = Character.toString('a' + i).repeat(BODY);
      sent.put(client.post("/echo", body), body);
    }
    while (!sent.isEmpty()) {
      Response answer = client.response();
      if (!answer.body().equals(sent.remove(answer.stream()))) {
        throw new IOException("not what was sent: " + answer);
      }
      succeeded(begin);
    }
  }
}
