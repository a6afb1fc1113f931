/** Listening sockets: bind, adopt, hand over, unlink. */
@NullMarked
package dev.arbiter.socket;

import org.jspecify.annotations.NullMarked;
