@NullMarked
package dev.arbiter.control;

import org.jspecify.annotations.NullMarked;
