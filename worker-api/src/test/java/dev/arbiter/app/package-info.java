@NullMarked
package dev.arbiter.app;

import org.jspecify.annotations.NullMarked;
