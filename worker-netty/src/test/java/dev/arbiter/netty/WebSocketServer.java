package dev.arbiter.netty;

import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.websocket.WebSocketContract;
import dev.arbiter.worker.Traffic;
import java.io.IOException;
import java.time.Duration;

/** A netty worker for the tests of WebSockets. */
class WebSocketServer implements WebSocketContract.Server {
  private final Fixture fixture;

  WebSocketServer(Fixture fixture) {
    this.fixture = fixture;
  }

  @Override
  public RawClient connect() throws IOException {
    return fixture.connect();
  }

  @Override
  public FixtureContext context() {
    return fixture.context;
  }

  @Override
  public int open() {
    return fixture.open.get();
  }

  @Override
  public Traffic traffic() {
    return fixture.worker.traffic();
  }

  @Override
  public void drain() {
    fixture.drain(Duration.ZERO);
  }

  @Override
  public void close() {
    fixture.close();
  }
}
