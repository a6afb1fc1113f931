@NullMarked
package dev.arbiter.upgrade;

import org.jspecify.annotations.NullMarked;
