@NullMarked
package dev.arbiter.develop;

import org.jspecify.annotations.NullMarked;
