/** Asks the example without a socket, and once over one. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
