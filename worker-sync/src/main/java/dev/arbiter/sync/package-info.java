/**
 * The blocking worker: a virtual thread for each connection, a bounded number of requests at once.
 */
@NullMarked
package dev.arbiter.sync;

import org.jspecify.annotations.NullMarked;
