/**
 * What every HTTP worker needs once: loading the app, the rules a request must keep, the book of
 * requests under way, the access log. Knows no server library.
 */
@NullMarked
package dev.arbiter.http;

import org.jspecify.annotations.NullMarked;
