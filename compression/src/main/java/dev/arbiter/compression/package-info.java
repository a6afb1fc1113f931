/**
 * Brotli and Zstandard, which the JDK has not, for {@link dev.arbiter.app.middleware.Compression}.
 */
@NullMarked
package dev.arbiter.compression;

import org.jspecify.annotations.NullMarked;
