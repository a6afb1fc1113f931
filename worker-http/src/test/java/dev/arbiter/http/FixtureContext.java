package dev.arbiter.http;

import dev.arbiter.wire.Message.ListenerInfo;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** A runtime without an arbiter: remembers what a worker part told it. */
public final class FixtureContext implements WorkerContext {
  /** What was said, as {@code level: text}. */
  public final List<String> said = new CopyOnWriteArrayList<>();

  /** Why a replacement was asked for. */
  public final LinkedBlockingQueue<String> recycled = new LinkedBlockingQueue<>();

  /** Slow requests: the line, then the stack. */
  public final LinkedBlockingQueue<String> slow = new LinkedBlockingQueue<>();

  /** What {@link #draining} answers. */
  public volatile boolean draining;

  /** What {@link #ticketSecrets} answers. */
  public volatile List<byte[]> ticketSecrets = List.of();

  private final WorkerSettings settings;

  /** With these settings. */
  public FixtureContext(Map<String, String> settings) {
    this.settings = new WorkerSettings(settings);
  }

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
    return 1;
  }

  @Override
  public WorkerSettings settings() {
    return settings;
  }

  @Override
  public List<ListenerInfo> listeners() {
    return List.of();
  }

  @Override
  public void phase(String name) {
    said.add("phase: " + name);
  }

  @Override
  public void recycle(String reason) {
    recycled.add(reason);
  }

  @Override
  public void say(String level, String text) {
    said.add(level + ": " + text);
  }

  @Override
  public void slow(String request, Duration age, String stack) {
    slow.add(request + "\n" + stack);
  }

  @Override
  public List<byte[]> ticketSecrets() {
    return ticketSecrets;
  }

  @Override
  public boolean draining() {
    return draining;
  }
}
