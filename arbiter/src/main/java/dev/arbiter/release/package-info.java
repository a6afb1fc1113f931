/** A release: the settings and the app of one generation, resolved once. */
@NullMarked
package dev.arbiter.release;

import org.jspecify.annotations.NullMarked;
