/** Development: what is watched, and the compiler that stays warm. */
@NullMarked
package dev.arbiter.develop;

import org.jspecify.annotations.NullMarked;
