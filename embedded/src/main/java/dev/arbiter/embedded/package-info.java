/**
 * Serves an app in the caller's own JVM, without an arbiter: {@link dev.arbiter.embedded.Server}.
 */
@NullMarked
package dev.arbiter.embedded;

import org.jspecify.annotations.NullMarked;
