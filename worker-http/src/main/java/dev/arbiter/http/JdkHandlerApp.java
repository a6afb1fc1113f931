package dev.arbiter.http;

import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.worker.OutOfMemory;
import java.net.URI;
import java.net.URISyntaxException;

/**
 * Runs an unmodified {@link HttpHandler}. Such a handler pushes its response, while {@link
 * BlockingApp} returns one; so each call runs on a thread of its own, of the same sort as the
 * caller's, whose output passes through a bounded pipe. The caller waits for it, so that handlers
 * still run one at a time where blocking apps do.
 */
final class JdkHandlerApp implements BlockingApp {
  private final HttpHandler handler;

  JdkHandlerApp(HttpHandler handler) {
    this.handler = handler;
  }

  @Override
  public Response handle(Request request) throws Exception {
    URI uri;
    try {
      uri = new URI(request.target());
    } catch (URISyntaxException _) {
      // Handlers are promised a URI, which is stricter than a request target.
      return Response.of(400);
    }
    JdkExchange exchange = new JdkExchange(request, uri, handler);
    Thread caller = Thread.currentThread();
    Thread.Builder builder = caller.isVirtual() ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
    Thread thread = builder.name("handler").unstarted(() -> run(exchange));
    thread.setContextClassLoader(caller.getContextClassLoader());
    if (request instanceof HeadView view) {
      view.entry().enter(thread); // a slow handler's stack is there, not here
    }
    thread.start();

    ExchangePipe pipe = exchange.pipe();
    ExchangePipe.Head head = pipe.awaitHead();
    Headers headers = head.headers();
    byte[] whole = pipe.wholeBody();
    if (whole != null) {
      return new Response(head.status(), headers, new Response.Body.Bytes(whole));
    }
    return new Response(head.status(), headers, new Response.Body.Stream(pipe::copyTo));
  }

  // Whatever a handler throws, errors included, must reach the waiting caller, which logs it.
  @SuppressWarnings("CatchingUnchecked")
  private void run(JdkExchange exchange) {
    try {
      handler.handle(exchange);
      exchange.pipe().finish(null);
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      exchange.pipe().finish(thrown);
    }
  }
}
