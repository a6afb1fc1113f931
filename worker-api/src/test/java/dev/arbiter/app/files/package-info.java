@NullMarked
package dev.arbiter.app.files;

import org.jspecify.annotations.NullMarked;
