/** Files of a folder as an app: {@link dev.arbiter.app.files.StaticFiles}. */
@NullMarked
package dev.arbiter.app.files;

import org.jspecify.annotations.NullMarked;
