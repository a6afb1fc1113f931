@NullMarked
package dev.arbiter.http.tls;

import org.jspecify.annotations.NullMarked;
