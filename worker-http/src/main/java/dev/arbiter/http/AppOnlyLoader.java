package dev.arbiter.http;

/**
 * The parent of the app's class loader. It shows the platform and the package the app is written
 * against, and nothing else: the worker's own libraries stay out of sight, so that an app may bring
 * any version of them.
 */
final class AppOnlyLoader extends ClassLoader {
  private static final String SHARED = "dev.arbiter.app.";

  private final ClassLoader worker;

  AppOnlyLoader(ClassLoader worker) {
    super("arbiter-app-parent", ClassLoader.getPlatformClassLoader());
    this.worker = worker;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return name.startsWith(SHARED) ? worker.loadClass(name) : super.loadClass(name, resolve);
  }
}
