package dev.arbiter.http;

import dev.arbiter.worker.WorkerContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Tells at level debug which time limit ended a connection: from outside, all of them look alike.
 * One in each worker. Any thread; costs nothing at any other level.
 */
public final class ConnectionLog {

  /** The time limits of a connection. */
  public enum Limit {
    /** A new connection sent nothing. */
    FIRST_BYTE("no request began within --header-timeout"),
    /** The client did not end its part of a TLS handshake. */
    HANDSHAKE("no TLS handshake within --tls-handshake-timeout"),
    /** A request's head did not become complete. */
    HEAD("a request's head was not complete within --header-timeout"),
    /** Nothing came after a response. */
    IDLE("no further request within --keep-alive"),
    /** A request's body stopped coming. */
    BODY("a request's body made no progress for --body-timeout"),
    /** The client does not read. */
    WRITE("the client read nothing of a response for --write-timeout"),
    /** A WebSocket's client does not answer a ping. */
    PONG("no pong came within --ws-ping-timeout"),
    /** A WebSocket's client does not answer a Close. */
    CLOSE("no Close came back within --stream-drain-timeout");

    private final String text;

    Limit(String text) {
      this.text = text;
    }
  }

  private final WorkerContext context;
  private final boolean on;
  private final SeldomLog floods;

  /** Says what it has to say to {@code context}. */
  public ConnectionLog(WorkerContext context) {
    this.context = context;
    floods = new SeldomLog(text -> context.say("warning", text));
    String level = context.settings().text("log-level").orElse("info");
    on = level.equals("debug") || level.equals("trace");
  }

  /** A connection is ended because {@code limit} is over. */
  public void ended(Limit limit, @Nullable SocketAddress client) {
    ended("The connection", limit, client);
  }

  /** A stream is ended because {@code limit} is over; others of its connection go on. */
  public void streamEnded(Limit limit, @Nullable SocketAddress client) {
    ended("An HTTP/2 stream", limit, client);
  }

  private void ended(String what, Limit limit, @Nullable SocketAddress client) {
    if (on) {
      context.say("debug", what + " from " + shown(client) + " is ended: " + limit.text + ".");
    }
  }

  /** A client is sent away for what it does to a connection; told seldom, for it may be many. */
  public void flood(@Nullable SocketAddress client, String what) {
    floods.say("The HTTP/2 connection from " + shown(client) + " is ended: " + what + ".");
  }

  /** A peer as the log has it. */
  static String shown(@Nullable SocketAddress client) {
    if (!(client instanceof InetSocketAddress inet) || inet.getAddress() == null) {
      return "an unnamed peer";
    }
    String address = inet.getAddress().getHostAddress();
    return (address.indexOf(':') < 0 ? address : "[" + address + "]") + ":" + inet.getPort();
  }
}
