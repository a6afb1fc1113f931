@NullMarked
package dev.arbiter.observe;

import org.jspecify.annotations.NullMarked;
