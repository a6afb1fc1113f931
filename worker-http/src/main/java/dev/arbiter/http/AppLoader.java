package dev.arbiter.http;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerSettings;
import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the app from the settings {@code app} (as it was typed), {@code app-classpath}, {@code
 * app-class}, {@code app-factory} and {@code interface}. Used once, on the worker's main thread;
 * the loader it makes lives as long as the process.
 *
 * <p>Whatever is wrong with the app becomes a {@link BootFailure} of one line, with a hint: it is
 * the message an operator meets most often.
 */
public final class AppLoader {
  private static final String KNOWN =
      BlockingApp.class.getName()
          + ", "
          + AsyncApp.class.getName()
          + ", "
          + HttpHandler.class.getName();

  /** Frames quoted from a failing constructor. */
  private static final int FRAMES = 3;

  private final String typed;
  private final String className;
  private final String factory;
  private final String wanted;
  private final List<Path> classPath;

  private AppLoader(WorkerSettings settings) {
    className = settings.text("app-class").orElse("");
    typed = settings.text("app").orElse(className);
    factory = settings.text("app-factory").orElse("");
    wanted = settings.text("interface").orElse("auto");
    classPath =
        settings
            .text("app-classpath")
            .map(text -> Stream.of(text.split(File.pathSeparator)).map(Path::of).toList())
            .orElse(List.of());
  }

  /**
   * Loads and constructs the app, and makes its loader the calling thread's context class loader.
   *
   * @param phase told the next step of the boot
   * @throws BootFailure {@link BootFailure#APP_FAILED}
   */
  public static LoadedApp load(WorkerSettings settings, Consumer<String> phase) throws BootFailure {
    return new AppLoader(settings).load(phase);
  }

  private LoadedApp load(Consumer<String> phase) throws BootFailure {
    if (className.isEmpty()) {
      throw failure("No app was given", "Name one as MODULE:CLASS, such as app:App.", null);
    }
    ClassLoader own = AppLoader.class.getClassLoader();
    URLClassLoader loader = new URLClassLoader("app", urls(), new AppOnlyLoader(own));
    Thread.currentThread().setContextClassLoader(loader);
    Object made;
    try {
      Class<?> type = Class.forName(className, false, loader);
      phase.accept("constructing the app");
      Class.forName(className, true, loader); // its static initializer is the app's own work
      made = factory.isEmpty() ? construct(type) : callFactory(type);
    } catch (ClassNotFoundException missing) {
      throw classMissing(missing);
    } catch (LinkageError broken) {
      throw notLinked(broken);
    }
    App app = adapt(made);
    return new LoadedApp(app, loader, made.getClass().getName() + " (" + kindOf(made) + ")");
  }

  private URL[] urls() throws BootFailure {
    URL[] urls = new URL[classPath.size()];
    for (int i = 0; i < urls.length; i++) {
      try {
        urls[i] = classPath.get(i).toUri().toURL();
      } catch (MalformedURLException unusable) {
        throw failure(
            "The class path has an entry that is no path: " + classPath.get(i), "", unusable);
      }
    }
    return urls;
  }

  private Object construct(Class<?> type) throws BootFailure {
    requireKnown(type);
    if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
      throw failure(
          className + " is " + (type.isInterface() ? "an interface" : "abstract"),
          "Name a class that can be constructed, or a factory: " + typed + "::method.",
          null);
    }
    Constructor<?> constructor;
    try {
      constructor = type.getConstructor();
    } catch (NoSuchMethodException missing) {
      throw failure(
          className + " has no public constructor without arguments",
          type.isMemberClass() && !Modifier.isStatic(type.getModifiers())
              ? "It is an inner class: make it static."
              : "Add one, or name a static factory method: " + typed + "::method.",
          missing);
    }
    try {
      // The class itself need not be public.
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (InvocationTargetException thrown) {
      throw threw("the constructor of " + className, thrown.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw failure(className + " cannot be constructed: " + impossible, "", impossible);
    }
  }

  private Object callFactory(Class<?> type) throws BootFailure {
    Method method;
    try {
      method = type.getDeclaredMethod(factory);
    } catch (NoSuchMethodException missing) {
      throw noFactory(type, "no method " + factory + "()", missing);
    }
    if (!Modifier.isStatic(method.getModifiers())) {
      throw noFactory(type, "a method " + factory + "() that is not static", null);
    }
    Object made;
    try {
      method.setAccessible(true);
      made = method.invoke(null);
    } catch (InvocationTargetException thrown) {
      throw threw(className + "." + factory + "()", thrown.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw failure(className + "." + factory + "() failed: " + impossible, "", impossible);
    }
    if (made == null) {
      throw failure(className + "." + factory + "() returned null", "Return an app.", null);
    }
    if (!isKnown(made.getClass())) {
      throw failure(
          className + "." + factory + "() returned a " + made.getClass().getName(),
          "It must be one of " + KNOWN + ".",
          null);
    }
    return made;
  }

  private BootFailure noFactory(Class<?> type, String what, @Nullable Throwable cause) {
    String others =
        Arrays.stream(type.getDeclaredMethods())
            .filter(method -> Modifier.isStatic(method.getModifiers()))
            .filter(method -> method.getParameterCount() == 0)
            .filter(method -> isKnown(method.getReturnType()))
            .map(method -> method.getName() + "()")
            .sorted()
            .collect(Collectors.joining(", "));
    return failure(
        className + " has " + what,
        "A factory is a static method without arguments that returns an app"
            + (others.isEmpty() ? "." : "; this class has " + others + "."),
        cause);
  }

  private static boolean isKnown(Class<?> type) {
    return App.class.isAssignableFrom(type) || HttpHandler.class.isAssignableFrom(type);
  }

  private void requireKnown(Class<?> type) throws BootFailure {
    if (isKnown(type)) {
      return;
    }
    boolean makesOne =
        Arrays.stream(type.getDeclaredMethods())
            .anyMatch(
                method ->
                    Modifier.isStatic(method.getModifiers())
                        && method.getParameterCount() == 0
                        && isKnown(method.getReturnType()));
    throw failure(
        className + " is of no known type",
        "An app is one of "
            + KNOWN
            + (makesOne ? "; this class has a factory: name it as " + typed + "::method." : "."),
        null);
  }

  private App adapt(Object made) throws BootFailure {
    String kind = kindOf(made);
    boolean ambiguous = made instanceof App && made instanceof HttpHandler;
    if (ambiguous && wanted.equals("jdk")) {
      return HttpHandlers.app((HttpHandler) made);
    }
    if (!wanted.equals("auto") && !wanted.equals(kind)) {
      throw failure(
          made.getClass().getName() + " is of type " + kind + ", not " + wanted,
          "Leave --interface out, or set it to " + kind + ".",
          null);
    }
    return made instanceof App app ? app : HttpHandlers.app((HttpHandler) made);
  }

  private static String kindOf(Object made) {
    return switch (made) {
      case BlockingApp _ -> "blocking";
      case AsyncApp _ -> "async";
      default -> "jdk";
    };
  }

  private BootFailure classMissing(ClassNotFoundException missing) {
    String looked =
        classPath.isEmpty()
            ? "the class path is empty"
            : "looked in "
                + classPath.stream().map(Path::toString).collect(Collectors.joining(", "));
    String hint =
        ClassPathSearch.nearest(classPath, className)
            .map(near -> "Did you mean " + near + "?")
            .orElse(
                "Is it compiled? Add its folder or jar with --classpath or --app-dir, and check"
                    + " its package.");
    return failure("Class " + className + " was not found; " + looked, hint, missing);
  }

  private BootFailure notLinked(LinkageError broken) {
    String message = String.valueOf(broken.getMessage());
    return switch (broken) {
      case UnsupportedClassVersionError _ ->
          failure(
              className + " was compiled for a newer Java: " + message,
              "Workers run on Java "
                  + Runtime.version().feature()
                  + ": compile with --release "
                  + Runtime.version().feature()
                  + ", or name a newer JDK with --java.",
              broken);
      case NoClassDefFoundError _ when message.contains("wrong name") ->
          failure(
              "Class " + className + " is in a file of another name: " + message,
              "The class path must name the folder above its package.",
              broken);
      case NoClassDefFoundError _ when !message.contains("Could not initialize") ->
          failure(
              className + " needs class " + message.replace('/', '.') + ", which was not found",
              "A dependency is missing: add its jar with --classpath.",
              broken);
      case ExceptionInInitializerError init ->
          threw(
              "the static initializer of " + className,
              init.getCause() == null ? init : init.getCause());
      default ->
          failure(
              className + " cannot be linked: " + broken,
              "Two versions of a library on the class path, or one that is too old?",
              broken);
    };
  }

  private BootFailure threw(String where, @Nullable Throwable thrown) {
    switch (thrown) {
      case null -> {
        return failure(where + " failed", "", null);
      }
      case NoClassDefFoundError missing -> {
        return notLinked(missing);
      }
      case UnsupportedClassVersionError newer -> {
        return notLinked(newer);
      }
      case ExceptionInInitializerError init when init.getCause() != null -> {
        return threw(where, init.getCause());
      }
      default -> {
        // Below.
      }
    }
    return failure(
        where + " threw " + quote(thrown),
        "The app fails before it is asked anything: see the cause.",
        thrown);
  }

  /** The app was constructed, and then its start-up threw. */
  static BootFailure startupFailed(LoadedApp loaded, Throwable thrown) {
    return new BootFailure(
        BootFailure.WORKER_FAILED,
        "The start-up of " + loaded.description() + " threw " + quote(thrown),
        "What it needs to start may be missing or not reachable: see the cause.",
        thrown);
  }

  /** What was thrown, why, and where: on one line. */
  private static String quote(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String frames =
        Arrays.stream(root.getStackTrace())
            .takeWhile(frame -> !frame.getClassName().startsWith("dev.arbiter."))
            .limit(FRAMES)
            .map(frame -> "at " + frame)
            .collect(Collectors.joining(", "));
    return oneLine(thrown)
        + (thrown.getCause() == null ? "" : ", caused by " + oneLine(root))
        + (frames.isEmpty() ? "" : " (" + frames + ")");
  }

  private static String oneLine(Throwable thrown) {
    return thrown.toString().lines().map(String::strip).collect(Collectors.joining(" "));
  }

  private BootFailure failure(String what, String hint, @Nullable Throwable cause) {
    String line = what.substring(0, 1).toUpperCase(Locale.ROOT) + what.substring(1);
    return new BootFailure(
        BootFailure.APP_FAILED, typed.isEmpty() ? line : typed + ": " + what, hint, cause);
  }
}
