/**
 * Asks an app without a socket: {@link dev.arbiter.testing.TestClient} runs it in the test's own
 * process, in either contract.
 */
@NullMarked
package dev.arbiter.testing;

import org.jspecify.annotations.NullMarked;
