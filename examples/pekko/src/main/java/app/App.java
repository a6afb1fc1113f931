package app;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.completeOK;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.handleWebSocketMessages;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEndOrSingleSlash;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.integerSegment;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import dev.arbiter.app.Lifespan;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.marshalling.sse.EventStreamMarshalling;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.sse.ServerSentEvent;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Routes of Pekko HTTP. */
public final class App extends PekkoApp {
  private static final int LINES_TOGETHER = 1000;

  @Override
  Route route(ActorSystem system, Lifespan lifespan) {
    return concat(
        pathEndOrSingleSlash(
            () -> get(() -> complete("Hello from worker " + lifespan.workerNr() + "\n"))),
        path("worker", () -> get(() -> worker(lifespan))),
        path(
            segment("hello").slash(segment()),
            name -> get(() -> complete("Hello, " + name + "\n"))),
        path("echo", () -> post(() -> extractRequest(App::echo))),
        path("size", () -> post(() -> extractRequest(request -> size(request, system)))),
        path(segment("numbers").slash(integerSegment()), count -> get(() -> numbers(count))),
        path(
            "ticks",
            () ->
                get(
                    () ->
                        parameterOptional(
                            "count", count -> ticks(count.map(Integer::parseInt).orElse(10))))),
        path("breaks", () -> get(App::breaks)),
        path("throws", () -> get(App::fails)),
        path(
            "ws",
            () ->
                parameterOptional(
                    "name", name -> handleWebSocketMessages(chat(name.orElse("you"))))));
  }

  private static Route worker(Lifespan lifespan) {
    String json =
        "{\"worker\":%d,\"kind\":\"%s\"}\n".formatted(lifespan.workerNr(), lifespan.kind());
    return complete(StatusCodes.OK, HttpEntities.create(ContentTypes.APPLICATION_JSON, json));
  }

  /** Part by part, as it comes, with its length if it has one. */
  private static Route echo(HttpRequest request) {
    ResponseEntity body = request.entity();
    return complete(HttpResponse.create().withEntity(body));
  }

  private static Route size(HttpRequest request, ActorSystem system) {
    return onSuccess(
        request.entity().getDataBytes().runFold(0L, (sum, bytes) -> sum + bytes.size(), system),
        sum -> complete(sum + " bytes\n"));
  }

  /** Made as the client reads them. */
  private static Route numbers(int count) {
    Source<ByteString, NotUsed> lines =
        Source.range(0, (count - 1) / LINES_TOGETHER)
            .map(
                nr ->
                    IntStream.range(nr * LINES_TOGETHER, Math.min(count, (nr + 1) * LINES_TOGETHER))
                        .mapToObj(i -> i + "\n")
                        .collect(Collectors.joining()))
            .map(ByteString::fromString);
    return complete(
        HttpResponse.create()
            .withEntity(HttpEntities.createChunked(ContentTypes.TEXT_PLAIN_UTF8, lines)));
  }

  private static Route ticks(int count) {
    Source<ServerSentEvent, NotUsed> events =
        Source.range(0, count - 1)
            .throttle(1, Duration.ofMillis(50))
            .map(i -> ServerSentEvent.create("tick " + i, "tick", Integer.toString(i)));
    return completeOK(events, EventStreamMarshalling.toEventStream());
  }

  /** Fails when its client has the head and a part. */
  private static Route breaks() {
    Source<ByteString, NotUsed> body =
        Source.from(List.of("the beginning\n", ""))
            .map(
                text -> {
                  if (text.isEmpty()) {
                    throw new IllegalStateException("no more tea");
                  }
                  return ByteString.fromString(text);
                });
    return complete(
        HttpResponse.create()
            .withEntity(HttpEntities.createChunked(ContentTypes.TEXT_PLAIN_UTF8, body)));
  }

  private static Route fails() {
    throw new IllegalStateException("no tea at all");
  }

  /** Answers each message, text with text and binary with binary. */
  private static Flow<Message, Message, NotUsed> chat(String name) {
    return Flow.<Message>create()
        .map(
            message ->
                message.isText() && message.isStrict()
                    ? TextMessage.create(name + ": " + message.asTextMessage().getStrictText())
                    : message);
  }
}
