@NullMarked
package dev.arbiter.embedded;

import org.jspecify.annotations.NullMarked;
