package dev.arbiter.http;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.App;
import dev.arbiter.app.Hooks;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Notice;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.app.middleware.Compression;
import dev.arbiter.compression.Codings;
import dev.arbiter.http.develop.ProblemApp;
import dev.arbiter.http.tls.TlsHook;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The app in a worker: loaded, started, told, stopped. Started and stopped on the main thread. */
public final class AppHost {
  private final LoadedApp loaded;
  private final Map<String, Object> state;
  private final boolean lifespan;
  private final WorkerContext context;
  private final Optional<WorkerHooks> hooks;
  private final App serving;

  private AppHost(
      LoadedApp loaded,
      Map<String, Object> state,
      boolean lifespan,
      StaticMounts mounts,
      WorkerContext context)
      throws BootFailure {
    this.loaded = loaded;
    this.state = state;
    this.lifespan = lifespan;
    this.context = context;
    this.hooks = WorkerHooks.load(context, loaded.loader());
    App hooked = hooks.map(all -> all.around(loaded.app())).orElse(loaded.app());
    boolean compress = context.settings().flag("compress", false);
    this.serving = mounts.around(compress ? compression(context).around(hooked) : hooked);
  }

  private static Compression compression(WorkerContext context) {
    List<Compression.Coding> codings = Codings.available(text -> context.say("warning", text));
    return Compression.create().codings(codings.toArray(Compression.Coding[]::new));
  }

  /** Hosts what stands in for an app that fails: without all that may be wrong with it. */
  private AppHost(ProblemApp problem, WorkerContext context) {
    this.loaded = new LoadedApp(problem, AppHost.class.getClassLoader(), "what is wrong");
    this.state = Map.of();
    this.lifespan = false;
    this.context = context;
    this.hooks = Optional.empty();
    this.serving = problem;
  }

  /**
   * Loads the app and runs its start-up. In development ({@code --reload}) an app that fails is
   * logged, and what is wrong with it is served in its place.
   *
   * @throws BootFailure {@link BootFailure#APP_FAILED} if it cannot be constructed, {@link
   *     BootFailure#WORKER_FAILED} if its start-up fails
   */
  public static AppHost start(WorkerContext context, String kind) throws BootFailure {
    context.phase("loading the app");
    WorkerSettings settings = context.settings();
    if (!settings.flag("reload", false)) {
      return start(context, kind, AppLoader.load(settings, context::phase));
    }
    Optional<String> problem = settings.text("problem");
    if (problem.isPresent()) {
      return inPlace(problem.get(), context);
    }
    try {
      return start(context, kind, AppLoader.load(settings, context::phase));
    } catch (BootFailure failure) {
      Throwable cause = failure.getCause();
      context.say(
          "error",
          failure.getMessage()
              + (cause == null ? "" : "\n" + stackTrace(cause))
              + (failure.hint().isEmpty() ? "" : "\nhint: " + failure.hint()));
      return new AppHost(ProblemApp.of(failure, settings), context);
    }
  }

  /** An app that is a handler of the JDK's. */
  public static App of(HttpHandler handler) {
    return HttpHandlers.app(handler);
  }

  /** An app of a worker kind's own, to rehearse a start with. */
  public static LoadedApp standIn(App app) {
    return new LoadedApp(app, AppHost.class.getClassLoader(), "a rehearsal");
  }

  private static AppHost inPlace(String problem, WorkerContext context) throws BootFailure {
    try {
      return new AppHost(ProblemApp.read(problem, context.settings()), context);
    } catch (IOException unreadable) {
      throw new BootFailure(
          BootFailure.WORKER_FAILED, "What is wrong with the app cannot be read", "", unreadable);
    }
  }

  /**
   * Runs the start-up of an app that was made elsewhere.
   *
   * @throws BootFailure {@link BootFailure#WORKER_FAILED}; also if a folder of {@code --static} is
   *     not there
   */
  // An app's start-up may throw anything, errors included; each is the boot's failure.
  @SuppressWarnings("CatchingUnchecked")
  public static AppHost start(WorkerContext context, String kind, LoadedApp loaded)
      throws BootFailure {
    StaticMounts mounts = StaticMounts.from(context.settings());
    boolean lifespan = !context.settings().text("lifespan").orElse("auto").equals("off");
    ConcurrentMap<String, Object> state = new ConcurrentHashMap<>();
    if (lifespan) {
      context.phase("starting the app");
      try {
        loaded
            .app()
            .startup(
                new Lifespan(context.nr(), context.workers(), context.generation(), kind, state));
      } catch (Throwable thrown) {
        throw AppLoader.startupFailed(loaded, thrown);
      }
    }
    AppHost host =
        new AppHost(loaded, Collections.unmodifiableMap(state), lifespan, mounts, context);
    host.hook("postWorkerInit", Hooks::postWorkerInit);
    return host;
  }

  /**
   * The app that requests are given to, behind static folders, compression and hooks if there are
   * any.
   */
  public App app() {
    return serving;
  }

  private void hook(String name, WorkerHooks.Call call) {
    hooks.ifPresent(all -> all.call(name, call));
  }

  /** The hook that has a say in TLS, if there is one. */
  public Optional<TlsHook> tlsHook() {
    return hooks
        .flatMap(WorkerHooks::tls)
        .map(
            hook ->
                standard -> {
                  Thread thread = Thread.currentThread();
                  ClassLoader before = thread.getContextClassLoader();
                  thread.setContextClassLoader(loaded.loader());
                  try {
                    return hook.sslContext(standard);
                  } finally {
                    thread.setContextClassLoader(before);
                  }
                });
  }

  /** The arbiter collects evidence. On a thread of its own, which the hook may hold up. */
  public void suspected() {
    Thread.currentThread().setContextClassLoader(loaded.loader());
    hook("workerAbort", Hooks::workerAbort);
  }

  /** The context class loader of every thread that runs the app. */
  public ClassLoader loader() {
    return loaded.loader();
  }

  /** What the app was called in the log. */
  public String description() {
    return loaded.description();
  }

  /** What the app left for its requests; it changes as the app changes it. */
  public Map<String, Object> state() {
    return state;
  }

  /** Tells the app. On a thread of its own, which the app may hold up. */
  public void notify(Notice notice) {
    Thread.currentThread().setContextClassLoader(loaded.loader());
    if (notice.draining()) {
      hook("workerInt", Hooks::workerInt);
    }
    try {
      loaded.app().callbackNotify(notice);
    } catch (RuntimeException | LinkageError thrown) {
      context.say("error", "The app's callbackNotify failed: " + stackTrace(thrown));
    }
  }

  /** Asks the app's own hook. On a thread of its own, which the app may hold up. */
  public void checkHealth() throws Exception {
    Thread.currentThread().setContextClassLoader(loaded.loader());
    loaded.app().checkHealth();
  }

  /** Stops the app, after its last request. */
  public void stop() throws Exception {
    Thread.currentThread().setContextClassLoader(loaded.loader());
    try {
      if (lifespan) {
        loaded.app().shutdown();
      }
    } finally {
      hook("workerExit", Hooks::workerExit);
    }
  }

  /** A throwable as the log has it. */
  public static String stackTrace(Throwable thrown) {
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString().strip();
  }
}
