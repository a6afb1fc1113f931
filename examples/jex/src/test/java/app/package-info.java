/** Asks the example over a socket. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
