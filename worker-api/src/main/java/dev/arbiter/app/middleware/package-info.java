/**
 * What stands before an app and is the same for many: an app that wraps an app, in both contracts.
 * No dependency beyond the JDK; everything here works per worker process and shares nothing with
 * its siblings.
 */
@NullMarked
package dev.arbiter.app.middleware;

import org.jspecify.annotations.NullMarked;
