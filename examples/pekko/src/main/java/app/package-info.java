/** Apache Pekko HTTP over the async contract, and an app that shows it. */
@NullMarked
package app;

import org.jspecify.annotations.NullMarked;
