package dev.arbiter.netty;

import dev.arbiter.http.FrontContract;
import dev.arbiter.http.RawClient;
import dev.arbiter.worker.Health;
import java.io.IOException;
import java.util.List;

/** A netty worker for the tests of what stands before it. */
record FrontServer(Fixture fixture) implements FrontContract.Server {
  @Override
  public RawClient connect() throws IOException {
    return fixture.client();
  }

  @Override
  public List<String> said() {
    return fixture.context.said;
  }

  @Override
  public Health probe(String path) throws Exception {
    return fixture.worker.probe(path);
  }

  @Override
  public List<String> inFlight() {
    return fixture.worker.inFlight();
  }

  @Override
  public void giveUp() {
    fixture.worker.giveUp();
  }

  @Override
  public void close() {
    fixture.close();
  }
}
