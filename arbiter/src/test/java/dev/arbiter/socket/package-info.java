@NullMarked
package dev.arbiter.socket;

import org.jspecify.annotations.NullMarked;
