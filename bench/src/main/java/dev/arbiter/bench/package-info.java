/** What Arbiter is measured against. Nothing of this is shipped. */
@NullMarked
package dev.arbiter.bench;

import org.jspecify.annotations.NullMarked;
