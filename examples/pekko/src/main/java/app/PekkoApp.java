package app;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Receive;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link Route} of Pekko HTTP, without Pekko's server. Each worker has an actor system from
 * its start to its end.
 *
 * <p>The event loop does nothing but hand over: routes and streams run on the system's dispatcher.
 * Demand is passed on in both directions.
 */
abstract class PekkoApp implements AsyncApp {

  /** What an app's {@code application.conf} may have otherwise. */
  private static final Config DEFAULTS =
      ConfigFactory.parseString(
          """
          # The worker says when it ends, and waits for what it is at.
          pekko.jvm-shutdown-hooks = off
          pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
          # A worker that fails to start must be able to leave.
          pekko.daemonic = on
          # Who asks for a HEAD is answered by the route for GET, as in other frameworks.
          pekko.http.server.transparent-head-requests = on
          """);

  private static final AttributeKey<String> ROOT =
      AttributeKey.create("arbiter.root", String.class);

  /** What there is from startup to shutdown. */
  private record Running(
      ActorSystem system,
      org.apache.pekko.japi.function.Function<HttpRequest, CompletionStage<HttpResponse>> handler,
      boolean getsForHead,
      boolean waits) {}

  private @Nullable Running running;

  /** Makes the route, when the worker starts. */
  abstract Route route(ActorSystem system, Lifespan lifespan) throws Exception;

  @Override
  public void startup(Lifespan lifespan) throws Exception {
    ClassLoader loader = getClass().getClassLoader();
    Config config =
        ConfigFactory.load(loader, ConfigFactory.defaultApplication(loader).withFallback(DEFAULTS));
    ActorSystem system = ActorSystem.create("app", config, loader);
    boolean starts = false;
    try {
      running =
          new Running(
              system,
              mounted(route(system, lifespan)).function(system),
              ServerSettings.create(system).getTransparentHeadRequests(),
              lifespan.kind().equals("sync"));
      starts = true;
    } finally {
      if (!starts) {
        system.terminate();
      }
    }
  }

  /** Routes match what is below {@code --root-path}; the request's address is the whole. */
  private static Route mounted(Route route) {
    return Directives.extractRequest(
        request -> {
          String root = request.getAttribute(ROOT).orElse("");
          return root.isEmpty()
              ? route
              : Directives.mapUnmatchedPath(path -> path.substring(root.length()), () -> route);
        });
  }

  /** Terminates the actor system, and waits until it has. */
  @Override
  public void shutdown() throws Exception {
    Running started = running;
    if (started != null) {
      started.system().terminate();
      started.system().getWhenTerminated().toCompletableFuture().get();
    }
  }

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    Running started = running;
    if (!(scope instanceof RequestHead head) || started == null) {
      return CompletableFuture.completedStage(null); // a kind of scope that came later
    }
    Incoming incoming = new Incoming(started.waits() ? () -> aside(receive::next) : receive);
    Send sends = started.waits() ? event -> aside(() -> send.send(event)) : send;
    return CompletableFuture.supplyAsync(
            () -> asked(started, head, incoming), started.system().dispatcher())
        .thenCompose(Function.identity())
        .thenCompose(response -> answer(started, head, response, incoming, sends));
  }

  /** Under sync a worker does its work on the caller's thread, and Pekko has few to lend. */
  private static <T> CompletionStage<T> aside(Supplier<CompletionStage<T>> call) {
    return CompletableFuture.supplyAsync(call, Thread::startVirtualThread)
        .thenCompose(Function.identity());
  }

  // A route is asked by a function that may throw anything.
  @SuppressWarnings("CatchingUnchecked")
  private static CompletionStage<HttpResponse> asked(
      Running running, RequestHead head, Incoming incoming) {
    try {
      HttpRequest request = ScopeRequest.of(head, incoming);
      request = request.addAttribute(ROOT, head.rootPath());
      if (running.getsForHead() && request.method().equals(HttpMethods.HEAD)) {
        request = request.withMethod(HttpMethods.GET);
      }
      return running.handler().apply(request);
    } catch (IllegalUriException malformed) {
      return CompletableFuture.completedStage(
          HttpResponse.create().withStatus(400).withEntity(malformed.getMessage() + "\n"));
    } catch (Exception thrown) {
      throw new CompletionException(thrown);
    }
  }

  private static CompletionStage<Void> answer(
      Running running, RequestHead head, HttpResponse response, Incoming incoming, Send send) {
    Optional<Upgrade.Accepted> accepted = response.getAttribute(Upgrade.ACCEPTED);
    if (accepted.isPresent()) {
      return new Session(send, incoming, running.system())
          .serve(accepted.get(), Answer.fields(response));
    }
    if (!response.entity().isStrict() && mayAskAhead(running, head)) {
      incoming.watch();
    }
    return new Answer(send, incoming, running.system())
        .send(response, head.method().equals("HEAD"));
  }

  /** Who asks answers {@code Expect: 100-continue}, and under sync keeps the worker waiting. */
  private static boolean mayAskAhead(Running running, RequestHead head) {
    return !ScopeRequest.hasBody(head) || (!running.waits() && !head.headers().contains("expect"));
  }
}
