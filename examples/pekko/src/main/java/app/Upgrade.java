package app;

import dev.arbiter.app.WebSocketScope;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.scaladsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ws.Message;
import org.apache.pekko.http.scaladsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Graph;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * A handshake, as routes look for it. What a route makes of it is a response that says which flow
 * to run, and what stands around the route may still add fields to that.
 */
final class Upgrade implements WebSocketUpgrade {
  static final AttributeKey<Accepted> ACCEPTED =
      AttributeKey.create("arbiter.websocket", Accepted.class);

  /** What a route has chosen. */
  record Accepted(
      Graph<FlowShape<Message, Message>, Object> handler, Optional<String> subprotocol) {}

  private final WebSocketScope scope;

  Upgrade(WebSocketScope scope) {
    this.scope = scope;
  }

  @Override
  public Seq<String> requestedProtocols() {
    return CollectionConverters.asScala(scope.subprotocols()).toSeq();
  }

  @Override
  public HttpResponse handleMessages(
      Graph<FlowShape<Message, Message>, Object> handler, Option<String> subprotocol) {
    return (HttpResponse)
        org.apache.pekko.http.javadsl.model.HttpResponse.create()
            .withStatus(StatusCodes.SWITCHING_PROTOCOLS)
            .addAttribute(ACCEPTED, new Accepted(handler, OptionConverters.toJava(subprotocol)));
  }
}
