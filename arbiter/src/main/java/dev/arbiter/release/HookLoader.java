package dev.arbiter.release;

import dev.arbiter.app.Hooks;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/**
 * Loads {@code --hooks} into the arbiter, in a loader of its own that sees the JDK, the package
 * hooks are written against, and their class path: none of the arbiter's libraries.
 */
final class HookLoader {
  private static final String SHARED = "dev.arbiter.app.";

  private HookLoader() {}

  /** Shows the platform and {@link #SHARED}. */
  private static final class Parent extends ClassLoader {
    Parent() {
      super("arbiter-hooks-parent", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      return name.startsWith(SHARED)
          ? HookLoader.class.getClassLoader().loadClass(name)
          : super.loadClass(name, resolve);
    }
  }

  // The loader lives as long as the arbiter: hooks load more classes when they run.
  @SuppressWarnings("resource")
  static Hooks load(ResolvedApp found) throws AppProblem {
    try {
      URL[] urls = new URL[found.classPath().size()];
      for (int i = 0; i < urls.length; i++) {
        Path entry = found.classPath().get(i);
        urls[i] = entry.toUri().toURL();
      }
      Class<?> type =
          Class.forName(found.className(), true, new URLClassLoader("hooks", urls, new Parent()));
      if (!Hooks.class.isAssignableFrom(type)) {
        throw new AppProblem(
            AppProblem.USAGE,
            found.className() + " does not implement " + Hooks.class.getName(),
            "",
            "docs/hooks.md shows an example");
      }
      return type.asSubclass(Hooks.class).getConstructor().newInstance();
    } catch (ReflectiveOperationException | LinkageError | IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new AppProblem(
          AppProblem.USAGE,
          found.className() + " cannot be made: " + cause,
          "",
          "it needs a public constructor without arguments; searched: "
              + String.join(
                  File.pathSeparator, found.classPath().stream().map(Path::toString).toList()));
    }
  }
}
