@NullMarked
package dev.arbiter.app.httpserver;

import org.jspecify.annotations.NullMarked;
