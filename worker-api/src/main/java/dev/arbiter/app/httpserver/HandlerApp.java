package dev.arbiter.app.httpserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.worker.OutOfMemory;
import dev.arbiter.worker.WorkerRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Runs an unmodified {@link HttpHandler}. Such a handler pushes its response, while {@link
 * BlockingApp} returns one; so each call runs on a thread of its own, of the same sort as the
 * caller's, whose output passes through a bounded pipe. The caller waits for it, so that handlers
 * still run one at a time where blocking apps do.
 */
final class HandlerApp implements BlockingApp {
  private final HttpHandler handler;
  private volatile @Nullable HandlerContext context;

  HandlerApp(HttpHandler handler) {
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
    HandlerContext known = context(request.rootPath());
    HandlerExchange exchange = new HandlerExchange(request, uri, known);
    Optional<WorkerRequest> worker = WorkerRequest.of(request);
    Optional<SSLSession> session = worker.flatMap(WorkerRequest::sslSession);
    HttpExchange shown =
        session.isPresent() ? new SecureExchange(exchange, session.get()) : exchange;
    Thread caller = Thread.currentThread();
    Thread.Builder builder = caller.isVirtual() ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
    Thread thread = builder.name("handler").unstarted(() -> run(known, shown, exchange));
    thread.setContextClassLoader(caller.getContextClassLoader());
    worker.ifPresent(it -> it.runsOn(thread)); // a slow handler's stack is there, not here
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

  /** Where the app is mounted is known when it is asked. */
  private HandlerContext context(String rootPath) {
    HandlerContext known = context;
    if (known == null) {
      synchronized (this) {
        known = context;
        if (known == null) {
          known = new HandlerContext(handler, rootPath);
          context = known;
        }
      }
    }
    return known;
  }

  // Whatever a handler throws, errors included, must reach the waiting caller, which logs it.
  @SuppressWarnings("CatchingUnchecked")
  private static void run(HandlerContext context, HttpExchange shown, HandlerExchange exchange) {
    try {
      context.handle(shown, exchange);
      exchange.pipe().finish(null);
    } catch (Throwable thrown) {
      OutOfMemory.leaveIf(thrown);
      exchange.pipe().finish(thrown);
    }
  }
}
