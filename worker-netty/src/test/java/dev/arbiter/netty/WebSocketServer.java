package dev.arbiter.netty;

import dev.arbiter.http.FixtureContext;
import dev.arbiter.http.RawClient;
import dev.arbiter.http.websocket.WebSocketContract;
import dev.arbiter.worker.Traffic;
import java.io.IOException;
import java.time.Duration;

/** A netty worker for the tests of WebSockets. */
record WebSocketServer(Fixture fixture) implements WebSocketContract.Server {

  @Override
  public RawClient connect() throws IOException {
    return fixture.client();
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
