package dev.arbiter.app.middleware;

import dev.arbiter.app.App;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Notice;

/** What every app that wraps an app passes on as it is. As concurrent as the app. */
abstract class Wrapper {
  private final App wrapped;

  Wrapper(App wrapped) {
    this.wrapped = wrapped;
  }

  public final void startup(Lifespan lifespan) throws Exception {
    wrapped.startup(lifespan);
  }

  public final void shutdown() throws Exception {
    wrapped.shutdown();
  }

  public final void checkHealth() throws Exception {
    wrapped.checkHealth();
  }

  public final void callbackNotify(Notice notice) {
    wrapped.callbackNotify(notice);
  }
}
