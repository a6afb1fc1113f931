package dev.arbiter.tests;

import dev.arbiter.tests.WebSocketLine.Message;
import java.io.IOException;
import java.time.Duration;

/**
 * Clients with a WebSocket each, which have one message after the other echoed. A client connects
 * anew after a Close with 1012; any other end is a failure, and so is one that is no end of its own
 * behind the answer to that Close.
 */
final class WebSocketLoad extends Load {
  private final Door<WebSocketLine> door;

  private WebSocketLoad(Door<WebSocketLine> door, Duration pace) {
    super(pace);
    this.door = door;
  }

  /**
   * @param pace between an echo and the next message
   */
  static WebSocketLoad start(Door<WebSocketLine> door, int clients, Duration pace) {
    WebSocketLoad load = new WebSocketLoad(door, pace);
    load.start(clients, load::run);
    return load;
  }

  private void run() {
    while (!stopping()) {
      int port = -1;
      long worker = 0;
      try (WebSocketLine line = door.open()) {
        port = line.localPort();
        line.open();
        opens();
        for (int number = 0; !stopping(); number++) {
          long begin = System.nanoTime();
          line.send(WebSocketLine.TEXT, Integer.toString(number));
          Message message = line.next();
          if (message.opcode() == WebSocketLine.CLOSE) {
            leave(line, message);
            break;
          }
          worker = message.worker();
          if (!message.payload().equals(worker + " " + number)) {
            throw new IOException("number " + number + " comes back as " + message);
          }
          answeredBy(worker);
          succeeded(begin);
          rest();
        }
      } catch (IOException e) {
        failed(outcome(e), worker, port, e.toString());
        rest();
      }
    }
  }

  private void leave(WebSocketLine line, Message close) throws IOException {
    isTold();
    if (close.code() != WebSocketLine.SERVICE_RESTART) {
      throw new IOException("closed with " + close.code());
    }
    line.send(WebSocketLine.CLOSE, close.payload());
    if (!line.ends()) {
      throw new IOException("cut behind its answer to the Close");
    }
  }
}
