/**
 * Processes and the kernel: spawn, wait, signal, pipes, and the command line of a worker's JVM.
 * {@link dev.arbiter.process.Os} is the seam.
 */
@NullMarked
package dev.arbiter.process;

import org.jspecify.annotations.NullMarked;
