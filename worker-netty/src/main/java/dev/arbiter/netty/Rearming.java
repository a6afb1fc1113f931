package dev.arbiter.netty;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;
import org.jspecify.annotations.Nullable;

/**
 * Netty's epoll, where a channel may wait for nothing and for something again. On the loop's
 * thread.
 *
 * <p>Design note. A channel whose client has ended its side waits for nothing until it has more to
 * write than the socket takes. Netty's registration then takes its descriptor out of the set
 * (EPOLL_CTL_DEL), and does not remember that it has (4.2.18): the next wish is EPOLL_CTL_MOD,
 * which fails with ENOENT (epoll_ctl(2)), and a large response is cut. So one that waits for
 * nothing is given up here, and a new one made when there is something to wait for.
 */
final class Rearming implements IoHandler {
  private final IoHandler handler;

  private Rearming(IoHandler handler) {
    this.handler = handler;
  }

  static IoHandlerFactory around(IoHandlerFactory factory) {
    return executor -> new Rearming(factory.newHandler(executor));
  }

  @Override
  public void initialize() {
    handler.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return handler.run(context);
  }

  @Override
  public void prepareToDestroy() {
    handler.prepareToDestroy();
  }

  @Override
  public void destroy() {
    handler.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Registration(handle, handler.register(handle));
  }

  @Override
  public void wakeup() {
    handler.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> type) {
    return handler.isCompatible(type);
  }

  private final class Registration implements IoRegistration {
    private final IoHandle handle;
    private IoRegistration current;
    private boolean waits;
    private boolean givenUp;
    private boolean cancelled;

    Registration(IoHandle handle, IoRegistration first) {
      this.handle = handle;
      current = first;
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // as Netty has it
    public <T> @Nullable T attachment() {
      return current.attachment(); // the loop's own, also of one that was given up
    }

    @Override
    public long submit(IoOps ops) {
      if (cancelled) {
        return -1;
      }
      boolean nothing = ops instanceof EpollIoOps epoll && epoll.value() == 0;
      if (nothing && waits) {
        waits = false;
        givenUp = true;
        current.cancel();
      }
      if (nothing) {
        return 0;
      }
      if (givenUp) {
        current = again();
        givenUp = false;
      }
      waits = true;
      return current.submit(ops);
    }

    private IoRegistration again() {
      try {
        return handler.register(handle);
      } catch (Exception closing) {
        throw new IllegalStateException("The loop takes no channels any more", closing);
      }
    }

    @Override
    public boolean isValid() {
      return !cancelled && (givenUp || current.isValid());
    }

    @Override
    public boolean cancel() {
      boolean first = !cancelled;
      cancelled = true;
      return (givenUp || current.cancel()) && first;
    }
  }
}
