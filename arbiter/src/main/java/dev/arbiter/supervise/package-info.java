/**
 * The decisions, pure: events in, actions out, time passed in. No I/O, no threads, no clock, no
 * logging framework. {@link dev.arbiter.supervise.Fleet} is the way in; {@link
 * dev.arbiter.supervise.Event}, {@link dev.arbiter.supervise.Action} and {@link
 * dev.arbiter.supervise.FleetPolicy} are what passes through it.
 */
@NullMarked
package dev.arbiter.supervise;

import org.jspecify.annotations.NullMarked;
