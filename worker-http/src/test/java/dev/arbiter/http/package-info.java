@NullMarked
package dev.arbiter.http;

import org.jspecify.annotations.NullMarked;
