/** What clients see while Arbiter changes something. JDK only; nothing of this is shipped. */
@NullMarked
package dev.arbiter.bench.change;

import org.jspecify.annotations.NullMarked;
