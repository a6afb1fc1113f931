package dev.arbiter.tests;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Clients of HTTP/1.1, which classify the outcome of every request.
 *
 * <p>A keep-alive client asks {@code /pid} first on each new connection, so that a failure can be
 * laid at the door of the worker that held it; it opens a new one after {@code Connection: close}
 * and after a failure. A fresh client opens one for each request.
 */
final class LoadClients extends Load {
  private final Door<RawClient> door;
  private final String target;
  private final String sent;

  private LoadClients(Door<RawClient> door, String target, String sent, Duration pace) {
    super(pace);
    this.door = door;
    this.target = target;
    this.sent = sent;
  }

  /**
   * Starts clients that each ask for {@code target}, with {@code pace} between two requests.
   *
   * @param keepAlive how many keep their connection
   * @param fresh how many open one for each request
   */
  static LoadClients start(int port, int keepAlive, int fresh, String target, Duration pace)
      throws UnknownHostException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    Door<RawClient> door = () -> RawClient.tcp(address, REQUEST_LIMIT);
    return new LoadClients(door, target, "", pace).start(keepAlive, fresh);
  }

  /**
   * Starts clients that each send {@code sent} to {@code /echo}, and want it back.
   *
   * @param keepAlive how many keep their connection
   * @param fresh how many open one for each request
   */
  static LoadClients posting(
      Door<RawClient> door, int keepAlive, int fresh, String sent, Duration pace) {
    return new LoadClients(door, "/echo", sent, pace).start(keepAlive, fresh);
  }

  private LoadClients start(int keepAlive, int fresh) {
    start(keepAlive, this::keepAlive);
    start(fresh, this::fresh);
    return this;
  }

  private void keepAlive() {
    while (!stopping()) {
      try (Attempt attempt = new Attempt()) {
        attempt.run("/pid");
        while (!stopping() && !attempt.over) {
          rest();
          attempt.run(target);
        }
      }
    }
  }

  private void fresh() {
    while (!stopping()) {
      try (Attempt attempt = new Attempt()) {
        attempt.run(target);
      }
      rest();
    }
  }

  /** One connection and the requests on it. */
  private final class Attempt implements AutoCloseable {
    private @Nullable RawClient client;
    private long worker;
    private boolean over;

    void run(String asked) {
      long begin = System.nanoTime();
      try {
        RawClient open = client;
        if (open == null) {
          open = door.open();
          client = open;
        }
        boolean posts = asked.equals(target) && !sent.isEmpty();
        Answer answer = posts ? open.post(target, sent) : open.get(asked);
        if (answer.status() != 200) {
          fail(Outcome.BAD_STATUS, answer.status() + " " + answer.body());
          return;
        }
        if (posts && !answer.body().equals(sent)) {
          fail(Outcome.BAD_RESPONSE, "not what was sent: " + answer.body().length() + " bytes");
          return;
        }
        if (asked.equals("/pid")) {
          worker = answer.number();
          answeredBy(worker);
        }
        over = answer.close();
        succeeded(begin);
      } catch (IOException e) {
        fail(outcome(e), e.toString());
      }
    }

    private void fail(Outcome outcome, String detail) {
      over = true;
      failed(outcome, worker, client == null ? -1 : client.localPort(), detail);
      rest();
    }

    @Override
    public void close() {
      try {
        if (client != null) {
          client.close();
        }
      } catch (IOException e) {
        fail(Outcome.BAD_RESPONSE, "closing: " + e);
      }
    }
  }
}
