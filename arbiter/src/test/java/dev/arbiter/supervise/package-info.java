/** Tests of the decisions: the rules one by one, and a simulator that runs them for long. */
@NullMarked
package dev.arbiter.supervise;

import org.jspecify.annotations.NullMarked;
