package dev.arbiter.sync;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** On which thread the app runs. Any thread may call. */
interface Running {
  /** Runs {@code call} where the app runs, and waits for it. */
  <T> T run(Callable<T> call) throws Exception;

  /** What finds the app's classes. */
  ClassLoader loader();

  /** On the connection's own thread. */
  static Running here(ClassLoader loader) {
    return new Running() {
      @Override
      public ClassLoader loader() {
        return loader;
      }

      @Override
      public <T> T run(Callable<T> call) throws Exception {
        Thread.currentThread().setContextClassLoader(loader);
        try {
          return call.call();
        } finally {
          // An app that interrupted itself must not end the connection's next wait.
          boolean _ = Thread.interrupted();
        }
      }
    };
  }

  /**
   * On one thread for all: an app that expects to be called by a single thread is. It is a platform
   * thread, so that a long computation occupies none of the carriers that the worker's own virtual
   * threads, its heartbeat among them, need.
   */
  static Running dedicated(ClassLoader loader) {
    ExecutorService executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = Thread.ofPlatform().daemon().name("app").unstarted(task);
              thread.setContextClassLoader(loader);
              return thread;
            });
    return new Running() {
      @Override
      public ClassLoader loader() {
        return loader;
      }

      @Override
      public <T> T run(Callable<T> call) throws Exception {
        try {
          return executor.submit(call).get();
        } catch (ExecutionException failed) {
          switch (failed.getCause()) {
            case Exception exception -> throw exception;
            case Error error -> throw error;
            case null, default -> throw failed;
          }
        }
      }
    };
  }
}
