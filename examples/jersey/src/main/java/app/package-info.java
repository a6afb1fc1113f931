/** Jersey (JAX-RS) over the blocking contract, and an app that shows it. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
