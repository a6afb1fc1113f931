package dev.arbiter.worker;

import java.time.Duration;

/**
 * How to leave.
 *
 * @param reason {@code reload}, {@code stop}, {@code recycle: ...}, {@code arbiter gone}
 * @param grace until the process is ended by force
 * @param linger how long an idle connection may still send a request
 */
public record DrainOrder(String reason, Duration grace, Duration linger) {}
