@NullMarked
package dev.arbiter.loop;

import org.jspecify.annotations.NullMarked;
