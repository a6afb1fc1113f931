@NullMarked
package dev.arbiter.app.middleware;

import org.jspecify.annotations.NullMarked;
