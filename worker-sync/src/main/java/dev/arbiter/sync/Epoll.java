package dev.arbiter.sync;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.SocketChannel;

/**
 * Waits until one of many sockets has been ended by its peer, which no selector of the JDK can tell
 * from bytes that have come. With the JDK's own calls, which {@link Sockets} says how to reach. Any
 * thread may watch, one waits.
 */
final class Epoll {
  /** EPOLLRDHUP, and POLLRDHUP too: the peer has ended its side, or all of the connection. */
  private static final int PEER_ENDED = 0x2000;

  /** EPOLLERR and EPOLLHUP, as poll(2) has them too; told of without being asked for. */
  private static final int BROKEN = 0x8 | 0x10;

  private static final int ONESHOT = 1 << 30;
  private static final int ADD = 1;
  private static final int DELETE = 2;
  private static final int MOST = 64;

  private static final MethodHandle CREATE;
  private static final MethodHandle CONTROL;
  private static final MethodHandle ALLOCATE;
  private static final MethodHandle WAIT;
  private static final MethodHandle EVENT;
  private static final MethodHandle DESCRIPTOR;
  private static final MethodHandle POLL;
  private static final MethodHandle NUMBER;
  private static final MethodHandle OBJECT;

  static {
    try {
      Class<?> epoll = Class.forName("sun.nio.ch.EPoll");
      Class<?> channel = Class.forName("sun.nio.ch.SelChImpl");
      MethodHandles.Lookup jdk = MethodHandles.privateLookupIn(epoll, MethodHandles.lookup());
      Class<?> i = int.class;
      CREATE = jdk.findStatic(epoll, "create", MethodType.methodType(i));
      CONTROL = jdk.findStatic(epoll, "ctl", MethodType.methodType(i, i, i, i, i));
      ALLOCATE =
          jdk.findStatic(epoll, "allocatePollArray", MethodType.methodType(long.class, int.class));
      WAIT = jdk.findStatic(epoll, "wait", MethodType.methodType(i, i, long.class, i, i));
      EVENT = jdk.findStatic(epoll, "getEvent", MethodType.methodType(long.class, long.class, i));
      DESCRIPTOR = jdk.findStatic(epoll, "getDescriptor", MethodType.methodType(i, long.class));
      POLL =
          jdk.findStatic(
              Class.forName("sun.nio.ch.Net"),
              "pollNow",
              MethodType.methodType(i, FileDescriptor.class, i));
      NUMBER =
          jdk.findVirtual(channel, "getFDVal", MethodType.methodType(i))
              .asType(MethodType.methodType(i, SocketChannel.class));
      OBJECT =
          jdk.findVirtual(channel, "getFD", MethodType.methodType(FileDescriptor.class))
              .asType(MethodType.methodType(FileDescriptor.class, SocketChannel.class));
    } catch (ReflectiveOperationException changed) {
      throw new LinkageError(
          "This JDK (" + Runtime.version() + ") does not let the sync worker watch a socket's end",
          changed);
    }
  }

  private final int instance;
  private final long events;

  /** Opens one, for the life of the process. */
  Epoll() throws IOException {
    try {
      instance = (int) CREATE.invokeExact();
      events = (long) ALLOCATE.invokeExact(MOST);
    } catch (Throwable failed) {
      throw failure(failed);
    }
  }

  /** What the channel is called by the system; only as long as it is open. */
  static int descriptor(SocketChannel channel) {
    try {
      return (int) NUMBER.invokeExact(channel);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Whether the peer has ended its side, or the connection is broken; without waiting. */
  static boolean ended(SocketChannel channel) throws IOException {
    try {
      FileDescriptor object = (FileDescriptor) OBJECT.invokeExact(channel);
      int found = (int) POLL.invokeExact(object, PEER_ENDED);
      return (found & (PEER_ENDED | BROKEN)) != 0;
    } catch (Throwable failed) {
      throw failure(failed);
    }
  }

  /** Waits, from here on, for its end; which is told once. */
  void watch(int descriptor) throws IOException {
    int error = control(ADD, descriptor);
    if (error != 0) {
      throw new IOException("epoll_ctl failed: " + error);
    }
  }

  /** Waits for it no longer. */
  void forget(int descriptor) {
    int _ = control(DELETE, descriptor); // it may never have been watched
  }

  private int control(int operation, int descriptor) {
    try {
      return (int) CONTROL.invokeExact(instance, operation, descriptor, PEER_ENDED | ONESHOT);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Waits for events. Returns the descriptors they are of; none for no reason at all. */
  int[] await() throws IOException {
    try {
      int count = (int) WAIT.invokeExact(instance, events, MOST, -1);
      int[] descriptors = new int[Math.max(0, count)];
      for (int i = 0; i < descriptors.length; i++) {
        descriptors[i] = (int) DESCRIPTOR.invokeExact((long) EVENT.invokeExact(events, i));
      }
      return descriptors;
    } catch (Throwable failed) {
      throw failure(failed);
    }
  }

  private static IOException failure(Throwable failed) {
    return switch (failed) {
      case IOException known -> known;
      case RuntimeException wrong -> throw wrong;
      case Error error -> throw error;
      default -> new IOException(failed);
    };
  }
}
