/**
 * The arbiter as a service: what the service manager that started it is told, by the protocol of
 * sd_notify(3).
 */
@NullMarked
package dev.arbiter.host;

import org.jspecify.annotations.NullMarked;
