@NullMarked
package dev.arbiter.release;

import org.jspecify.annotations.NullMarked;
