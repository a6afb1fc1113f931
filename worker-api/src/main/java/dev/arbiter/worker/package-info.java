/**
 * What a worker author sees: {@link dev.arbiter.worker.Worker}, the interface of a worker kind, and
 * the runtime that speaks to the arbiter for it. Runs inside the worker process only.
 */
@NullMarked
package dev.arbiter.worker;

import org.jspecify.annotations.NullMarked;
