/**
 * What one arbiter hands to the next in the same process, and how the next is tried first. The
 * decisions about it are in {@code supervise}, the exec itself is in {@code process}.
 */
@NullMarked
package dev.arbiter.upgrade;

import org.jspecify.annotations.NullMarked;
