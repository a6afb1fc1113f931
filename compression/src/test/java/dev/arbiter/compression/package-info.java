@NullMarked
package dev.arbiter.compression;

import org.jspecify.annotations.NullMarked;
