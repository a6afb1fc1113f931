@NullMarked
package dev.arbiter.testing;

import org.jspecify.annotations.NullMarked;
