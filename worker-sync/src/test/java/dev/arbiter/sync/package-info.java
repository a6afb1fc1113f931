@NullMarked
package dev.arbiter.sync;

import org.jspecify.annotations.NullMarked;
