@NullMarked
package dev.arbiter.process;

import org.jspecify.annotations.NullMarked;
