package dev.arbiter.supervise;

import dev.arbiter.supervise.FleetPolicy.Change;
import dev.arbiter.supervise.FleetPolicy.Room;
import dev.arbiter.supervise.FleetPolicy.Size;
import java.time.Duration;

/** A policy in which a test says only what it is about. */
final class TestPolicy {
  private final int workers;
  private int boots;
  private Duration bootTimeout = Duration.ofSeconds(60);
  private Duration timeout = Duration.ofSeconds(30);
  private Duration heartbeatInterval = Duration.ofSeconds(1);
  private Duration gracefulTimeout = Duration.ofSeconds(30);
  private Duration linger = Duration.ofSeconds(5);
  private Duration stopLinger = Duration.ofSeconds(1);
  private Duration dumpLimit = Duration.ofSeconds(2);
  private Duration drainDelay = Duration.ZERO;
  private long maxRss;
  private Change change = new Change(1, 0, Duration.ZERO, 1, "", Duration.ofSeconds(5));
  private Size size = new Size(0, 0, 0);
  private Room room = new Room(1_000, "", false);

  private TestPolicy(int workers) {
    this.workers = workers;
    boots = Math.max(2, workers);
  }

  /** Defaults, with as many boots at once as workers. */
  static TestPolicy of(int workers) {
    return new TestPolicy(workers);
  }

  /** As this one, but for what is said next. */
  static TestPolicy like(FleetPolicy other) {
    TestPolicy policy = new TestPolicy(other.workers());
    policy.boots = other.maxBootsAtOnce();
    policy.bootTimeout = other.bootTimeout();
    policy.timeout = other.timeout();
    policy.heartbeatInterval = other.heartbeatInterval();
    policy.gracefulTimeout = other.gracefulTimeout();
    policy.linger = other.linger();
    policy.stopLinger = other.stopLinger();
    policy.dumpLimit = other.dumpLimit();
    policy.drainDelay = other.drainDelay();
    policy.maxRss = other.maxRss();
    policy.change = other.change();
    policy.size = other.size();
    policy.room = other.room();
    return policy;
  }

  FleetPolicy build() {
    return new FleetPolicy(
        workers,
        boots,
        bootTimeout,
        timeout,
        heartbeatInterval,
        gracefulTimeout,
        linger,
        stopLinger,
        dumpLimit,
        drainDelay,
        maxRss,
        change,
        size,
        room);
  }

  TestPolicy boots(int value) {
    boots = value;
    return this;
  }

  TestPolicy bootTimeout(Duration value) {
    bootTimeout = value;
    return this;
  }

  TestPolicy timeout(Duration value) {
    timeout = value;
    return this;
  }

  TestPolicy gracefulTimeout(Duration value) {
    gracefulTimeout = value;
    return this;
  }

  TestPolicy drainDelay(Duration value) {
    drainDelay = value;
    return this;
  }

  TestPolicy maxRss(long value) {
    maxRss = value;
    return this;
  }

  TestPolicy change(Change value) {
    change = value;
    return this;
  }

  TestPolicy size(Size value) {
    size = value;
    return this;
  }

  TestPolicy room(Room value) {
    room = value;
    return this;
  }
}
