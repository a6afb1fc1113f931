/** Apps that are handlers of the JDK's own HTTP server. */
@NullMarked
package dev.arbiter.app.httpserver;

import org.jspecify.annotations.NullMarked;
