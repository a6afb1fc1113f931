/** What a worker serves in development while the app cannot be served. */
@NullMarked
package dev.arbiter.http.develop;

import org.jspecify.annotations.NullMarked;
