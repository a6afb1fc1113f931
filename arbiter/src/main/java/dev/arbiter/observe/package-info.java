/** What the arbiter tells its operator: the log. */
@NullMarked
package dev.arbiter.observe;

import org.jspecify.annotations.NullMarked;
