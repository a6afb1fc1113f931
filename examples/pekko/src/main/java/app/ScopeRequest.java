package app;

import dev.arbiter.app.HttpScope;
import dev.arbiter.app.ReceiveEvent;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.WebSocketScope;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity.ChunkStreamPart;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpProtocol;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.javadsl.model.RequestEntityAcceptances;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.HttpEntity.Chunked;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** A scope as a request of Pekko's. A body is asked for when it is read, part by part. */
final class ScopeRequest {

  /** What a request's entity says. */
  private static final Set<String> OF_ENTITY = Set.of("content-length", "transfer-encoding");

  /**
   * Left as they are, so that {@code extractClientIP} does not find them: anybody may send them,
   * and the worker has said already who the client is.
   */
  private static final Set<String> UNTRUSTED =
      Set.of("x-forwarded-for", "x-real-ip", "remote-address");

  private ScopeRequest() {}

  /**
   * A handshake is a request without a body, with an {@link Upgrade}.
   *
   * @throws org.apache.pekko.http.scaladsl.model.IllegalUriException the target is none for Pekko
   */
  static HttpRequest of(RequestHead head, Incoming incoming) {
    HttpMethod method = method(head.method());
    List<HttpHeader> headers = new ArrayList<>();
    ContentType type = null;
    for (int i = 0; i < head.headers().size(); i++) {
      String name = head.headers().name(i);
      if (!OF_ENTITY.contains(name.toLowerCase(Locale.ROOT))) {
        HttpHeader header = header(name, head.headers().value(i));
        if (header instanceof org.apache.pekko.http.javadsl.model.headers.ContentType of) {
          type = of.contentType();
        } else {
          headers.add(header);
        }
      }
    }
    HttpRequest request =
        HttpRequest.create()
            .withMethod(method)
            .withUri(uri(head))
            .withProtocol(protocol(head.httpVersion()))
            .withHeaders(headers);
    if (head.client().orElse(null) instanceof InetSocketAddress client) {
      request = request.addAttribute(AttributeKeys.remoteAddress, RemoteAddress.create(client));
    }
    if (head instanceof WebSocketScope socket) {
      return request.addAttribute(AttributeKeys.webSocketUpgrade, new Upgrade(socket));
    }
    return method.isEntityAccepted() && head instanceof HttpScope scope
        ? request.withEntity(entity(scope, Optional.ofNullable(type), incoming))
        : request;
  }

  private static HttpMethod method(String name) {
    return HttpMethods.lookup(name)
        .orElseGet(() -> HttpMethods.custom(name, false, false, RequestEntityAcceptances.Expected));
  }

  private static HttpProtocol protocol(String version) {
    return switch (version) {
      case "HTTP/1.0" -> HttpProtocols.HTTP_1_0;
      case "HTTP/2" -> org.apache.pekko.http.scaladsl.model.HttpProtocols.HTTP$div2$u002E0();
      default -> HttpProtocols.HTTP_1_1;
    };
  }

  /** As the client knows it: with what a proxy in front has taken off, for redirects. */
  private static Uri uri(RequestHead head) {
    String host = head.host().isEmpty() ? "localhost" : head.host();
    String path = head.rawPath().startsWith("/") ? head.rawPath() : "/";
    String query = head.query().isEmpty() ? "" : "?" + head.query();
    // Elsewhere a handshake is a request: with ws a page's Origin would always be another.
    String scheme =
        switch (head.scheme()) {
          case "ws" -> "http";
          case "wss" -> "https";
          case String other -> other;
        };
    return Uri.create(scheme + "://" + host + head.rootPath() + path + query);
  }

  /** As Pekko's parser has it: a value that is none of its field's stays as it is. */
  private static HttpHeader header(String name, String value) {
    if (!UNTRUSTED.contains(name.toLowerCase(Locale.ROOT))) {
      try {
        return HttpHeader.parse(name, value);
      } catch (IllegalArgumentException _) {
        // Not even the characters of a field's value: what a worker lets through, a route may see.
      }
    }
    return RawHeader.create(name, value);
  }

  private static RequestEntity entity(
      HttpScope scope, Optional<ContentType> type, Incoming incoming) {
    if (!hasBody(scope)) {
      return HttpEntities.create(
          type.orElse(ContentTypes.NO_CONTENT_TYPE), ByteString.emptyByteString());
    }
    ContentType known = type.orElse(ContentTypes.APPLICATION_OCTET_STREAM);
    Optional<String> length = scope.headers().first("content-length");
    if (length.isEmpty()) {
      return chunked(known, parts(incoming).mapConcat(part -> chunks(part, scope)));
    }
    Source<ByteString, NotUsed> bytes =
        parts(incoming)
            .map(part -> ByteString.fromByteBuffer(part.bytes()))
            .filter(ByteString::nonEmpty);
    return HttpEntities.create(known, Long.parseLong(length.get()), bytes);
  }

  /** Whether there may be one: of HTTP/2 without a length only reading tells. */
  static boolean hasBody(RequestHead head) {
    return head.headers()
        .first("content-length")
        .map(length -> Long.parseLong(length) > 0)
        .orElseGet(
            () ->
                head.headers().contains("transfer-encoding")
                    || head.httpVersion().equals("HTTP/2"));
  }

  private static Source<RequestBody, NotUsed> parts(Incoming incoming) {
    return Source.<Boolean, ReceiveEvent>unfoldAsync(
            true,
            more ->
                more
                    ? incoming
                        .next()
                        .thenApply(event -> Optional.of(Pair.create(more(event), event)))
                    : CompletableFuture.completedFuture(Optional.empty()))
        .map(
            event -> {
              if (event instanceof RequestBody part) {
                return part;
              }
              throw new ClientLeft();
            });
  }

  private static boolean more(ReceiveEvent event) {
    return event instanceof RequestBody part && part.more();
  }

  private static List<ChunkStreamPart> chunks(RequestBody part, HttpScope scope) {
    List<ChunkStreamPart> chunks = new ArrayList<>();
    if (part.bytes().hasRemaining()) {
      chunks.add(ChunkStreamPart.create(ByteString.fromByteBuffer(part.bytes())));
    }
    if (!part.more()) {
      List<HttpHeader> trailers = new ArrayList<>();
      scope.trailers().forEach((name, value) -> trailers.add(header(name, value)));
      chunks.add(ChunkStreamPart.createLast("", trailers));
    }
    return chunks;
  }

  /** With its trailers; the factory for Java takes bytes alone. */
  @SuppressWarnings({"unchecked", "rawtypes"}) // the same classes beneath
  private static RequestEntity chunked(ContentType type, Source<ChunkStreamPart, ?> chunks) {
    return new Chunked(
        (org.apache.pekko.http.scaladsl.model.ContentType) type,
        (org.apache.pekko.stream.scaladsl.Source) chunks.asScala());
  }
}
