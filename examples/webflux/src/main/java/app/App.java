package app;

import dev.arbiter.app.Lifespan;
import java.time.Duration;
import java.util.stream.IntStream;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Routes of WebFlux.fn. */
public final class App extends WebFluxApp {
  private final WebSocketService webSockets = new HandshakeWebSocketService(new Upgrade());

  @Override
  HttpHandler handler(Lifespan lifespan) {
    return RouterFunctions.toHttpHandler(
        RouterFunctions.route()
            .GET(
                "/",
                _ ->
                    ServerResponse.ok()
                        .bodyValue("Hello from worker " + lifespan.workerNr() + "\n"))
            .GET("/hello/{name}", this::hello)
            .POST("/echo", this::echo)
            .POST("/size", this::size)
            .GET("/numbers/{count}", this::numbers)
            .GET("/ticks", this::ticks)
            .GET(
                "/ws",
                request -> webSocket(request, chat(request.queryParam("name").orElse("you"))))
            .GET("/counter", request -> webSocket(request, counter()))
            .build());
  }

  private Mono<ServerResponse> hello(ServerRequest request) {
    return ServerResponse.ok()
        .header("x-path", request.path())
        .bodyValue("Hello, " + request.pathVariable("name") + "\n");
  }

  /** Part by part, as it comes. */
  private Mono<ServerResponse> echo(ServerRequest request) {
    return ServerResponse.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .body(BodyInserters.fromDataBuffers(request.body(BodyExtractors.toDataBuffers())));
  }

  private Mono<ServerResponse> size(ServerRequest request) {
    return request
        .body(BodyExtractors.toDataBuffers())
        .map(
            buffer -> {
              long size = buffer.readableByteCount();
              DataBufferUtils.release(buffer);
              return size;
            })
        .reduce(0L, Long::sum)
        .flatMap(sum -> ServerResponse.ok().bodyValue(sum + " bytes\n"));
  }

  /** Made as the client reads them. */
  private Mono<ServerResponse> numbers(ServerRequest request) {
    int count = Integer.parseInt(request.pathVariable("count"));
    Flux<DataBuffer> lines =
        Flux.fromStream(() -> IntStream.range(0, count).mapToObj(i -> i + "\n"))
            .buffer(1000)
            .map(
                some ->
                    request
                        .exchange()
                        .getResponse()
                        .bufferFactory()
                        .wrap(
                            String.join("", some)
                                .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    return ServerResponse.ok()
        .contentType(MediaType.TEXT_PLAIN)
        .body(BodyInserters.fromDataBuffers(lines));
  }

  private Mono<ServerResponse> ticks(ServerRequest request) {
    int count = request.queryParam("count").map(Integer::parseInt).orElse(10);
    Flux<ServerSentEvent<String>> events =
        Flux.interval(Duration.ZERO, Duration.ofMillis(50))
            .take(count)
            .map(i -> ServerSentEvent.builder("tick " + i).id(Long.toString(i)).build());
    return ServerResponse.ok().body(BodyInserters.fromServerSentEvents(events));
  }

  /** Of a route; an exchange that became a WebSocket has no response. */
  private Mono<ServerResponse> webSocket(ServerRequest request, WebSocketHandler handler) {
    return webSockets.handleRequest(request.exchange(), handler).then(Mono.empty());
  }

  /** Answers each message, text with text and binary with binary. */
  private static WebSocketHandler chat(String name) {
    return session ->
        session.send(
            session
                .receive()
                .map(
                    message ->
                        message.getType() == WebSocketMessage.Type.TEXT
                            ? session.textMessage(name + ": " + message.getPayloadAsText())
                            : message));
  }

  /** Counts for as long as somebody listens. */
  private static WebSocketHandler counter() {
    return session ->
        session.send(
            Flux.interval(Duration.ZERO, Duration.ofMillis(50))
                .onBackpressureDrop()
                .map(count -> session.textMessage(count.toString())));
  }
}
