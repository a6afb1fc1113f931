/** Fuzz targets, the corpus they begin with, and what readers of several kinds are compared by. */
@NullMarked
package dev.arbiter.fuzz;

import org.jspecify.annotations.NullMarked;
