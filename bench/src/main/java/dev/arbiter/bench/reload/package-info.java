/** How long an edit takes to be served in development. */
@NullMarked
package dev.arbiter.bench.reload;

import org.jspecify.annotations.NullMarked;
