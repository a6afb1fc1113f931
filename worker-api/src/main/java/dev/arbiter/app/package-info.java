/**
 * What an application author sees: two contracts, {@link dev.arbiter.app.BlockingApp} and {@link
 * dev.arbiter.app.AsyncApp}, and the values that pass through them. No dependency beyond the JDK.
 */
@NullMarked
package dev.arbiter.app;

import org.jspecify.annotations.NullMarked;
