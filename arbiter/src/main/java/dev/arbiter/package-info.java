/** The arbiter's entry. */
@NullMarked
package dev.arbiter;

import org.jspecify.annotations.NullMarked;
