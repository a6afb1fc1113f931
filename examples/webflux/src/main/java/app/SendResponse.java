package app;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.AbstractServerHttpResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A response as WebFlux wants it. Its methods are called one after the other, on whatever thread
 * the handler's publishers signal on.
 */
final class SendResponse extends AbstractServerHttpResponse implements ZeroCopyHttpOutputMessage {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private final Send send;
  private final List<String> fields = new ArrayList<>();
  private int status = 200;
  private boolean ended;
  private boolean started;

  SendResponse(Send send) {
    super(DefaultDataBufferFactory.sharedInstance);
    this.send = send;
  }

  @Override
  protected void applyStatusCode() {
    HttpStatusCode code = getStatusCode();
    status = code == null ? 200 : code.value();
  }

  @Override
  protected void applyHeaders() {
    getHeaders()
        .forEach(
            (name, values) ->
                values.forEach(
                    value -> {
                      fields.add(name);
                      fields.add(value);
                    }));
  }

  @Override
  protected void applyCookies() {
    getCookies()
        .values()
        .forEach(
            cookies ->
                cookies.forEach(
                    cookie -> {
                      fields.add("set-cookie");
                      fields.add(cookie.toString());
                    }));
  }

  /** One part that is all there is goes out with its length, several go out as they come. */
  @Override
  protected Mono<Void> writeWithInternal(Publisher<? extends DataBuffer> body) {
    return body instanceof Mono<? extends DataBuffer> whole
        ? whole.flatMap(buffer -> start().then(sent(part(buffer, false))))
        : start().then(parts(body));
  }

  /** A part is flushed anyway, as soon as it is sent. */
  @Override
  protected Mono<Void> writeAndFlushWithInternal(
      Publisher<? extends Publisher<? extends DataBuffer>> body) {
    return start().then(Flux.from(body).concatMap(this::parts, 0).then());
  }

  /** Asks for the next part when there is room for it. */
  private Mono<Void> parts(Publisher<? extends DataBuffer> body) {
    return Flux.from(body).concatMap(buffer -> sent(part(buffer, true)), 0).then();
  }

  /** The system sends it, without its bytes passing through this process. */
  @Override
  public Mono<Void> writeWith(Path file, long position, long count) {
    return doCommit(
        () ->
            start()
                .then(
                    sent(
                        new SendEvent.ResponseFile(
                            new Response.Body.File(file, position, count), false))));
  }

  /** When it is its turn: status and fields are applied after the write was asked for. */
  private Mono<Void> start() {
    return Mono.defer(
        () -> {
          started = true;
          Headers headers = Headers.of(fields.toArray(String[]::new));
          return sent(new SendEvent.ResponseStart(status, headers));
        });
  }

  private static SendEvent part(DataBuffer buffer, boolean more) {
    ByteBuffer bytes = ByteBuffer.allocate(buffer.readableByteCount());
    buffer.toByteBuffer(bytes);
    DataBufferUtils.release(buffer);
    return new SendEvent.ResponseBody(bytes, more);
  }

  private Mono<Void> sent(SendEvent event) {
    return Mono.defer(
        () -> {
          ended |=
              switch (event) {
                case SendEvent.ResponseBody part -> !part.more();
                case SendEvent.ResponseFile part -> !part.more();
                case SendEvent.WebSocketAccept _ -> true;
                default -> false;
              };
          return Mono.fromFuture(send.send(event).toCompletableFuture(), true);
        });
  }

  /**
   * The answer to a handshake, with the fields and cookies that were set, instead of a response.
   */
  Mono<Void> accept(@Nullable String subprotocol) {
    return Mono.defer(
        () -> {
          Headers headers = Headers.of(fields.toArray(String[]::new));
          return sent(new SendEvent.WebSocketAccept(subprotocol, headers));
        });
  }

  Send send() {
    return send;
  }

  /** The handler is done: ends what it has begun, or answers without a body. */
  Mono<Void> end() {
    Mono<Void> begun = started ? Mono.empty() : start();
    return ended ? Mono.empty() : begun.then(sent(new SendEvent.ResponseBody(NOTHING, false)));
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Spring has it so
  public <T> T getNativeResponse() {
    return (T) this;
  }
}
