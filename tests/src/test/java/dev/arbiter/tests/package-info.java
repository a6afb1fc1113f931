/**
 * Black-box tests. Each starts a real arbiter from the distribution, speaks to it over real sockets
 * and signals, and leaves nothing behind: no process, no socket file, no temporary file.
 *
 * <p>{@link dev.arbiter.tests.Arbiters} is the way in; what the arbiter's log must say is in one
 * place, {@link dev.arbiter.tests.Says}.
 */
@NullMarked
package dev.arbiter.tests;

import org.jspecify.annotations.NullMarked;
