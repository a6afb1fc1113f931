package dev.arbiter.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Receive;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Serves the worker some requests of its own before it is ready, so that its first client does not
 * wait for classes to load. They pass through a loopback socket, the decoder and the encoder to an
 * app that is not the user's, which must see no request that nobody made.
 */
final class WarmUp {
  private static final Duration LIMIT = Duration.ofMillis(250);
  private static final int REQUESTS = 200;
  private static final byte[] HELLO = "Hello".getBytes(UTF_8);
  private static final byte[] REQUEST =
      ("POST /warm-up?x=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: arbiter\r\nAccept: */*\r\n"
              + "Content-Length: 4\r\n\r\nping")
          .getBytes(US_ASCII);

  private WarmUp() {}

  /** An app of the same contract as {@code app}, so that the same code runs. */
  static App standIn(App app) {
    return switch (app) {
      case BlockingApp _ -> new Blocking();
      case AsyncApp _ -> new Async();
    };
  }

  /** An app to rehearse with. */
  static App blocking() {
    return new Blocking();
  }

  /**
   * Runs requests through {@code loop}, for a quarter of a second at most.
   *
   * @throws IOException there is no loopback, or the worker does not answer: for the log only
   */
  static void run(EventLoop executor, Function<EventLoop, Loop> loop) throws IOException {
    Loop own = loop.apply(executor);
    Channel server =
        new ServerBootstrap()
            .group(executor)
            .channel(own.service().transport().server())
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    own.prepare(channel);
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
    try (Socket client = new Socket()) {
      client.setSoTimeout((int) LIMIT.toMillis() * 4);
      client.setTcpNoDelay(true);
      client.connect(server.localAddress());
      long deadline = System.nanoTime() + LIMIT.toNanos();
      byte[] answer = new byte[4096];
      InputStream in = client.getInputStream();
      for (int i = 0; i < REQUESTS && System.nanoTime() - deadline < 0; i++) {
        client.getOutputStream().write(REQUEST);
        if (in.read(answer) < 0) {
          throw new IOException("the connection was closed");
        }
      }
    } finally {
      server.close().syncUninterruptibly();
    }
  }

  private record Blocking() implements BlockingApp {
    @Override
    public Response handle(Request request) throws IOException {
      request.body().readAllBytes();
      return Response.bytes(request.headers().first("accept").orElse("text/plain"), HELLO);
    }
  }

  private record Async() implements AsyncApp {
    @Override
    public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
      return receive
          .next()
          .thenCompose(
              _ -> send.send(new ResponseStart(200, Headers.of("content-type", "text/plain"))))
          .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(HELLO), false)));
    }
  }
}
