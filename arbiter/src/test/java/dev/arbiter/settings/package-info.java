@NullMarked
package dev.arbiter.settings;

import org.jspecify.annotations.NullMarked;
