@NullMarked
package dev.arbiter.diagnose;

import org.jspecify.annotations.NullMarked;
