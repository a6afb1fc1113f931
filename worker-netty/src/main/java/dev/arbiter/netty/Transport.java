package dev.arbiter.netty;

import dev.arbiter.worker.SocketChannels;
import dev.arbiter.worker.WorkerSettings;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * What an event loop waits with, {@code --loop}: how its handler is made, and its channels from
 * accepted descriptors. Stateless.
 */
enum Transport {
  /** Netty's own library. */
  EPOLL {
    @Override
    IoHandlerFactory handlers() {
      return Rearming.around(EpollIoHandler.newFactory());
    }

    @Override
    Class<? extends ServerChannel> server() {
      return EpollServerSocketChannel.class;
    }

    @Override
    Channel channel(int fd, boolean unix) {
      return unix ? new EpollDomainSocketChannel(fd) : new EpollSocketChannel(fd);
    }
  },

  /**
   * The JDK's selector, for where Netty's library cannot be loaded. It does not tell of a client
   * that leaves while nothing is read from it; the next write does.
   */
  NIO {
    @Override
    IoHandlerFactory handlers() {
      return NioIoHandler.newFactory();
    }

    @Override
    Class<? extends ServerChannel> server() {
      return NioServerSocketChannel.class;
    }

    @Override
    Channel channel(int fd, boolean unix) throws IOException {
      SocketChannel adopted = SocketChannels.channel(fd, unix);
      try {
        Channel channel =
            unix ? new NioDomainSocketChannel(adopted) : new NioSocketChannel(adopted);
        channel.attr(ADOPTED).set(adopted); // which Netty's channel does not give away
        return channel;
      } catch (ChannelException unusable) {
        adopted.close();
        throw new IOException(unusable);
      }
    }
  };

  private static final AttributeKey<SocketChannel> ADOPTED = AttributeKey.valueOf("adopted");

  /** Makes what a loop waits with. */
  abstract IoHandlerFactory handlers();

  /** A listener, for the worker's own use. */
  abstract Class<? extends ServerChannel> server();

  /**
   * The connected socket {@code fd} as a channel, which closes it.
   *
   * @throws IOException it is no socket of use any more, and closed
   */
  abstract Channel channel(int fd, boolean unix) throws IOException;

  /**
   * Reads what has come, beside Netty and without waiting.
   *
   * @return how many bytes; none or less if there is nothing, or nothing can be told
   */
  static int readNow(Channel channel, ByteBuffer into) throws IOException {
    if (channel instanceof UnixChannel unix) {
      return unix.fd().read(into, into.position(), into.limit());
    }
    @Nullable SocketChannel adopted = channel.attr(ADOPTED).get();
    return adopted == null ? 0 : adopted.read(into);
  }

  /**
   * As {@code --loop} has it: {@code auto} is epoll, and {@code io_uring} was translated to it,
   * because its channels cannot be made from a descriptor.
   */
  static Transport of(WorkerSettings settings) {
    return settings.text("loop").filter("nio"::equals).isPresent() ? NIO : EPOLL;
  }
}
