/**
 * The messages between an arbiter and its workers, and their one codec. Used on both sides; pure
 * values, no I/O.
 */
@NullMarked
package dev.arbiter.wire;

import org.jspecify.annotations.NullMarked;
