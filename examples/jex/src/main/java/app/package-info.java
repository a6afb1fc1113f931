/** Routes of avaje-jex as a handler of the JDK, and an app that shows it. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
