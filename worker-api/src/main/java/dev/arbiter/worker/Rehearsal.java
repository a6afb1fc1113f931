package dev.arbiter.worker;

import dev.arbiter.wire.Message.ListenerInfo;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What {@link Worker#prepare} is given: no settings, no listeners, and nobody who hears what is
 * said.
 */
final class Rehearsal implements WorkerContext {
  @Override
  public int nr() {
    return 0;
  }

  @Override
  public int workers() {
    return 1;
  }

  @Override
  public long generation() {
    return 0;
  }

  @Override
  public WorkerSettings settings() {
    return new WorkerSettings(Map.of());
  }

  @Override
  public List<ListenerInfo> listeners() {
    return List.of();
  }

  @Override
  public void phase(String name) {
    // It is no step of the boot.
  }

  @Override
  public void recycle(String reason) {
    // Nothing is worn.
  }

  @Override
  public void say(String level, String text) {
    // What is wrong will be so again when the worker starts, and said then.
  }

  @Override
  public void slow(String request, Duration age, String stack) {
    // Nobody waits for it.
  }

  @Override
  public boolean draining() {
    return false;
  }
}
