package dev.arbiter.sync;

import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.websocket.Handshake;
import dev.arbiter.http.websocket.OutFrame;
import dev.arbiter.http.websocket.WebSocketSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * One connection that has become a WebSocket: moves bytes between its link and its session. Reads
 * on the connection's thread and writes on a virtual thread of its own, so that neither the app nor
 * the reader waits for a slow client unless it wants to.
 */
final class WebSocketConnection implements WebSocketSession.Transport {
  /** A frame of less than this goes out in one write. */
  private static final int SMALL = 16 * 1024;

  private final Conversation.Shared shared;
  private final Link link;
  private final ByteBuffer in;
  private final Consumer<Limit> late;
  private final WebSocketSession session;
  private final Semaphore work = new Semaphore(0);
  private final Thread writer = Thread.ofVirtual().name("websocket-writer").unstarted(this::write);

  /**
   * @param late is told which time limit is about to end it
   */
  WebSocketConnection(
      Conversation.Shared shared,
      Link link,
      ByteBuffer in,
      Handshake handshake,
      Consumer<Limit> late) {
    this.shared = shared;
    this.link = link;
    this.in = in;
    this.late = late;
    this.session = new WebSocketSession(handshake, shared.settings().webSocket(), this);
  }

  WebSocketSession session() {
    return session;
  }

  /** The handshake was answered: frames may go out. */
  void start() {
    link.streams();
    writer.setContextClassLoader(shared.running().loader());
    writer.start();
  }

  @Override
  public void wake() {
    if (work.availablePermits() == 0) {
      work.release();
    }
    link.wake();
  }

  @Override
  public void late(Limit limit) {
    late.accept(limit);
  }

  /** Serves until the connection is over, and closes it. */
  void run() throws InterruptedException {
    // An async app goes on where its events come from: here, and on the writer.
    Thread.currentThread().setContextClassLoader(shared.running().loader());
    try {
      WebSocketSession.Ending how = read();
      if (how == WebSocketSession.Ending.FAILED) {
        link.closeGently();
      }
    } catch (IOException _) {
      // The client has gone, which the session is told below.
    } finally {
      session.lost();
      session.release();
      // The writer first: a descriptor must not be closed while a thread waits for it.
      link.stopWriting();
      wake();
      writer.join();
      closeQuietly();
    }
  }

  private void closeQuietly() {
    try {
      link.close();
    } catch (IOException _) {
      // There is nothing left to lose.
    }
  }

  private WebSocketSession.Ending read() throws IOException {
    while (true) {
      WebSocketSession.Ending how = session.ending();
      if (how != WebSocketSession.Ending.NOT_YET) {
        return how;
      }
      if (shared.departure().leaving()) {
        session.leave();
      }
      session.feed(in);
      long now = System.nanoTime();
      session.tick(now);
      long until = now + session.untilTick(now).toNanos();
      if (!session.wantsInput()) {
        link.awaitWake(until);
      } else if (!in.hasRemaining()) {
        fill(until);
      }
    }
  }

  private void fill(long until) throws IOException {
    int count;
    try {
      count = link.readOrWake(in.clear(), until);
    } finally {
      in.flip();
    }
    if (count < 0) {
      session.lost();
    }
  }

  private void write() {
    try {
      while (true) {
        OutFrame frame = session.next();
        if (frame != null) {
          write(frame);
          session.written(frame);
        } else if (session.ending() == WebSocketSession.Ending.NOT_YET) {
          work.acquire();
        } else {
          return;
        }
      }
    } catch (IOException _) {
      session.lost();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // nobody does that
    } finally {
      session.unwritten();
      link.wake();
    }
  }

  private void write(OutFrame frame) throws IOException {
    ByteBuffer header = frame.header();
    ByteBuffer payload = frame.payload();
    if (payload.remaining() < SMALL) {
      ByteBuffer whole = ByteBuffer.allocate(header.remaining() + payload.remaining());
      link.write(whole.put(header).put(payload).flip(), shared.settings().writeTimeout());
    } else {
      link.write(header, shared.settings().writeTimeout());
      link.write(payload, shared.settings().writeTimeout());
    }
  }
}
