@NullMarked
package dev.arbiter.http.develop;

import org.jspecify.annotations.NullMarked;
