@NullMarked
package dev.arbiter.http.websocket;

import org.jspecify.annotations.NullMarked;
