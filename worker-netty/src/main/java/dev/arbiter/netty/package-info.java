/** The asynchronous worker, on Netty's event loops and epoll. */
@NullMarked
package dev.arbiter.netty;

import org.jspecify.annotations.NullMarked;
