/** The one thread that owns the arbiter's state, and what it starts. */
@NullMarked
package dev.arbiter.loop;

import org.jspecify.annotations.NullMarked;
