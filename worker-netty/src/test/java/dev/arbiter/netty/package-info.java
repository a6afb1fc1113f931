@NullMarked
package dev.arbiter.netty;

import org.jspecify.annotations.NullMarked;
