/** Jersey (JAX-RS) over both contracts, and an app for each. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
