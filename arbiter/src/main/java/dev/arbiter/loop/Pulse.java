package dev.arbiter.loop;

import dev.arbiter.supervise.FleetState;

/**
 * A sign of life of the loop, renewed each time it turns, and what can be answered without asking
 * it.
 *
 * @param nanos when it last turned, {@link System#nanoTime}
 * @param state where the fleet was then
 * @param degraded whether fewer workers serve than should, or too many were lost of late
 * @param serving workers that accepted connections
 */
public record Pulse(long nanos, FleetState state, boolean degraded, int serving) {}
