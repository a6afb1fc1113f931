/**
 * What an operator can set: one table, {@link dev.arbiter.settings.Settings}, from which the
 * command line, the environment, the file, the documents and {@code --print-config} are read, and
 * the result of reading them all, {@link dev.arbiter.settings.Config}. No threads, no logging: what
 * an operator should be told is returned.
 */
@NullMarked
package dev.arbiter.settings;

import org.jspecify.annotations.NullMarked;
