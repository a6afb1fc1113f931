package dev.arbiter.tests;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Kept-alive connections, a number to each of some workers, opened while these are well. A worker's
 * loops take connections in turn, so a few times as many connections as loops reach them all.
 */
final class Held implements AutoCloseable {
  private final Map<Long, List<RawClient>> byWorker = new HashMap<>();

  private Held() {}

  static Held each(ArbiterProcess arbiter, Set<Long> workers, int count)
      throws IOException, InterruptedException {
    Held held = new Held();
    workers.forEach(worker -> held.byWorker.put(worker, new ArrayList<>()));
    for (int attempt = 0; attempt < 100 * count; attempt++) {
      RawClient client = arbiter.connect();
      List<RawClient> clients = held.byWorker.get(client.pid());
      if (clients == null || clients.size() == count) {
        client.close();
      } else {
        clients.add(client);
      }
      if (held.byWorker.values().stream().allMatch(some -> some.size() == count)) {
        return held;
      }
    }
    held.close();
    throw new AssertionError("The workers " + workers + " do not share the connections");
  }

  List<RawClient> of(long worker) {
    return byWorker.getOrDefault(worker, List.of());
  }

  List<RawClient> all() {
    return byWorker.values().stream().flatMap(List::stream).toList();
  }

  /** Sends a request on each, and does not wait for the responses. */
  Held request(String target) throws IOException {
    for (RawClient client : all()) {
      client.request(target);
    }
    return this;
  }

  @Override
  public void close() throws IOException {
    for (RawClient client : all()) {
      client.close();
    }
  }
}
