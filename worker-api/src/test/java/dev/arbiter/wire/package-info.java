@NullMarked
package dev.arbiter.wire;

import org.jspecify.annotations.NullMarked;
