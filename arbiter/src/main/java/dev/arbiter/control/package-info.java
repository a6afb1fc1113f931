/**
 * What clients of the arbiter itself are answered: {@code arbiterctl} on the control socket, probes
 * and people on the status address. One thread, and nothing the loop would ever wait for.
 */
@NullMarked
package dev.arbiter.control;

import org.jspecify.annotations.NullMarked;
