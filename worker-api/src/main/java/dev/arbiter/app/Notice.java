package dev.arbiter.app;

import java.time.Duration;
import java.util.Optional;

/**
 * Why {@link App#callbackNotify} was called.
 *
 * @param draining the worker has stopped accepting and will leave
 * @param timeLeft until the graceful timeout ends, if draining
 */
public record Notice(boolean draining, Optional<Duration> timeLeft) {}
