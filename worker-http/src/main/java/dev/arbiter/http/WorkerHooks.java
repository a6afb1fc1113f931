package dev.arbiter.http;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Hooks;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.WebSocketScope;
import dev.arbiter.http.tls.TlsHook;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.OutOfMemory;
import dev.arbiter.worker.WorkerContext;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@code --hooks} that runs in a worker, from the app's class loader. A hook that
 * throws is logged, once for each hook, and changes nothing. Any thread.
 *
 * <p>Requests pass through hooks only if the class has such hooks: then the app is wrapped; else
 * nothing stands in their way.
 */
final class WorkerHooks {
  /** A hook to be called. */
  @FunctionalInterface
  interface Call {
    void on(Hooks hooks, Hooks.Member worker) throws Exception;
  }

  private final Hooks hooks;
  private final Hooks.Member self;
  private final WorkerContext context;
  private final Set<String> failed = ConcurrentHashMap.newKeySet();

  private WorkerHooks(Hooks hooks, WorkerContext context) {
    this.hooks = hooks;
    this.context = context;
    this.self = new Hooks.Member(context.nr(), ProcessHandle.current().pid(), context.generation());
  }

  /**
   * The hooks the settings name, if any. One that cannot be made is logged.
   *
   * @throws BootFailure it cannot be made, and was to decide about TLS
   */
  // A hook's constructor may throw anything; the worker serves without it.
  @SuppressWarnings("CatchingUnchecked")
  static Optional<WorkerHooks> load(WorkerContext context, ClassLoader loader) throws BootFailure {
    String name = context.settings().text("hooks-class").orElse("");
    if (name.isEmpty()) {
      return Optional.empty();
    }
    @Nullable Class<?> type = null;
    try {
      type = Class.forName(name, true, loader);
      Hooks made = type.asSubclass(Hooks.class).getConstructor().newInstance();
      return Optional.of(new WorkerHooks(made, context));
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      boolean tls = context.settings().text("certfile").isPresent();
      if (tls && (type == null || has(type, "sslContext"))) {
        throw new BootFailure(
            BootFailure.WORKER_FAILED,
            "The hooks cannot be made, and TLS is not served without their sslContext: " + thrown,
            "",
            thrown);
      }
      context.say("error", "The hooks are left out: " + AppHost.stackTrace(thrown));
      return Optional.empty();
    }
  }

  /** Calls a hook; logs what it throws. */
  // Whatever a hook throws, the worker goes on.
  @SuppressWarnings("CatchingUnchecked")
  void call(String name, Call call) {
    try {
      call.on(hooks, self);
    } catch (Throwable thrown) {
      if (failed.add(name)) {
        context.say(
            "error",
            "The hook %s failed (not said again): %s".formatted(name, AppHost.stackTrace(thrown)));
      }
    }
  }

  /** The hook that has a say in TLS, if the class has one. What it throws is its caller's. */
  Optional<TlsHook> tls() {
    return has("sslContext")
        ? Optional.of(standard -> hooks.sslContext(self, standard))
        : Optional.empty();
  }

  /** The app, with hooks around its requests if there are such. */
  App around(App app) {
    if (!has("preRequest") && !has("postRequest")) {
      return app;
    }
    return switch (app) {
      case BlockingApp blocking -> (BlockingApp) request -> handle(blocking, request);
      case AsyncApp async ->
          (AsyncApp) (scope, receive, send) -> handle(async, scope, receive, send);
    };
  }

  private boolean has(String name) {
    return has(hooks.getClass(), name);
  }

  private static boolean has(Class<?> type, String name) {
    return Arrays.stream(type.getMethods())
        .anyMatch(
            method ->
                method.getName().equals(name)
                    && !method.getDeclaringClass().equals(Hooks.class)
                    && !method.isBridge());
  }

  private Response handle(BlockingApp app, dev.arbiter.app.Request request) throws Exception {
    before(request);
    int status = 500;
    try {
      Response response = app.handle(request);
      status = response == null ? 500 : response.status();
      return response;
    } finally {
      after(request, status);
    }
  }

  private CompletionStage<Void> handle(AsyncApp app, Scope scope, Receive receive, Send send) {
    RequestHead request =
        switch (scope) {
          case HttpScope http -> http;
          case WebSocketScope webSocket -> webSocket;
        };
    before(request);
    int[] status = new int[1]; // written before the stage completes, which publishes it
    Send noting =
        event -> {
          switch (event) {
            case SendEvent.ResponseStart(int begun, var _) -> status[0] = begun;
            case SendEvent.WebSocketAccept _ -> status[0] = 101;
            default -> {}
          }
          return send.send(event);
        };
    CompletionStage<Void> stage;
    try {
      stage = app.handle(scope, receive, noting);
    } catch (Throwable thrown) {
      after(request, 500);
      throw thrown;
    }
    return stage == null
        ? stage
        : stage.whenComplete(
            (_, thrown) -> after(request, thrown != null && status[0] == 0 ? 500 : status[0]));
  }

  private void before(RequestHead request) {
    call("preRequest", (hook, worker) -> hook.preRequest(worker, request));
  }

  private void after(RequestHead request, int status) {
    call("postRequest", (hook, worker) -> hook.postRequest(worker, request, status));
  }
}
