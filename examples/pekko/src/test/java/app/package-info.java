/** Asks the example without a socket, and over one under both kinds of worker. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
