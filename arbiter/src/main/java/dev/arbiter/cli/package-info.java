/** The command line: nothing else parses arguments. */
@NullMarked
package dev.arbiter.cli;

import org.jspecify.annotations.NullMarked;
