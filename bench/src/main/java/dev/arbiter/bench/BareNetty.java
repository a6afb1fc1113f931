package dev.arbiter.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;

/**
 * What Netty does when nothing is built around it: the codec and one handler, on a listening socket
 * that was inherited. One process; its siblings share the socket. The yardstick for the async
 * worker.
 *
 * <p>Arguments: descriptor (non-blocking, or the loop hangs in accept), event loops, body, and the
 * size each response is padded to with a header field.
 */
final class BareNetty {
  private BareNetty() {}

  public static void main(String[] args) throws InterruptedException {
    int fd = Integer.parseInt(args[0]);
    int loops = Integer.parseInt(args[1]);
    byte[] body = args[2].getBytes(US_ASCII);
    int size = Integer.parseInt(args[3]);

    EventLoopGroup group = new MultiThreadIoEventLoopGroup(loops, EpollIoHandler.newFactory());
    Channel listener =
        new ServerBootstrap()
            .group(group)
            .channelFactory(() -> new EpollServerSocketChannel(fd))
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new HttpServerCodec(), new Hello(body, size));
                  }
                })
            .register()
            .sync()
            .channel();
    listener.closeFuture().sync();
  }
}
