@NullMarked
package dev.arbiter.host;

import org.jspecify.annotations.NullMarked;
