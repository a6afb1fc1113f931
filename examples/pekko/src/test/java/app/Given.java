package app;

import dev.arbiter.app.AsyncApp;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * Hands a worker an app that is there already. A worker loads this class by its name, with a loader
 * of its own: what both copies of it know are the JDK's classes and the contract's.
 */
public final class Given {
  private static final String KEY = "arbiter.test.app";

  private Given() {}

  /** The settings that name it. */
  static Map<String, String> settings(AsyncApp app) throws Exception {
    System.getProperties().put(KEY, app);
    Path classes = Path.of(Given.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return Map.of(
        "access-log",
        "false",
        "threads", // under sync each serves one request at a time
        "4",
        "app-class",
        Given.class.getName(),
        "app-factory",
        "app",
        "app-classpath",
        classes.toString());
  }

  /** What the worker calls. */
  public static AsyncApp app() {
    return (AsyncApp) Objects.requireNonNull(System.getProperties().remove(KEY));
  }
}
