package dev.arbiter.http.websocket;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.WebSocket.Message;
import dev.arbiter.http.ConnectionLog.Limit;
import dev.arbiter.http.WebSocketSettings;
import dev.arbiter.worker.WorkerSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What waits for the app is bounded, by number and by weight; every send comes to an end. */
class WebSocketSessionTest {
  private static final Handshake PLAIN = new Handshake(null, "", List.of(), Optional.empty());
  private static final int MESSAGE = 100;

  private final AtomicInteger woken = new AtomicInteger();

  private final WebSocketSession.Transport transport =
      new WebSocketSession.Transport() {
        @Override
        public void wake() {
          woken.incrementAndGet();
        }

        @Override
        public void late(Limit limit) {
          throw new AssertionError("no time has passed");
        }
      };

  private WebSocketSession session(String... settings) {
    Map<String, String> values = Map.of(settings[0], settings[1], settings[2], settings[3]);
    return new WebSocketSession(
        PLAIN, WebSocketSettings.from(new WorkerSettings(values)), transport);
  }

  /** So many messages, masked with zeros. */
  private static ByteBuffer messages(int count, int opcode) {
    ByteBuffer frames = ByteBuffer.allocate(count * (MESSAGE + 6));
    for (int i = 0; i < count; i++) {
      frames.put((byte) (Frames.FIN | opcode)).put((byte) (Frames.MASKED | MESSAGE)).putInt(0);
      frames.put(new byte[MESSAGE]);
    }
    return frames.flip();
  }

  @Test
  void readingStopsAtTheNumberOfMessages() {
    WebSocketSession session = session("ws-max-queue", "3", "ws-max-size", "0");
    ByteBuffer in = messages(5, Frames.BINARY);
    session.feed(in);
    assertThat(session.wantsInput()).isFalse();
    assertThat(in.remaining()).isEqualTo(2 * (MESSAGE + 6));
  }

  @Test
  void readingStopsWhereTheyWeighAsMuchAsTheLongestOne() {
    for (int opcode : new int[] {Frames.TEXT, Frames.BINARY}) {
      WebSocketSession session = session("ws-max-queue", "32", "ws-max-size", "250");
      ByteBuffer in = messages(5, opcode);
      session.feed(in);
      assertThat(session.wantsInput()).isFalse();
      assertThat(in.remaining()).isEqualTo(2 * (MESSAGE + 6));

      int before = woken.get();
      assertThat(session.receive()).isCompleted();
      assertThat(woken.get()).isEqualTo(before + 1);
      assertThat(session.wantsInput()).isTrue();
      session.feed(in);
      assertThat(in.remaining()).isEqualTo(MESSAGE + 6);
    }
  }

  /**
   * A client that reads a message and leaves at once may be seen to have left before the writer
   * comes back: what was written was sent, and the app learns of the end by receiving.
   */
  @Test
  void whatIsBeingWrittenIsTheWritersToTell() {
    WebSocketSession session = session("ws-max-queue", "32", "ws-max-size", "250");
    CompletionStage<Void> first = session.sendText("in hand");
    CompletionStage<Void> second = session.sendText("behind it");
    OutFrame inHand = requireNonNull(session.next());
    session.lost();
    assertThat(first).isNotDone();
    assertThat(second).isCompletedExceptionally();
    session.written(inHand);
    session.unwritten();
    assertThat(first).isCompleted();
    assertThat(session.receive()).isCompletedWithValue(new Message.Close(1006, ""));
  }

  @Test
  void whatIsNotWrittenToItsEndFails() {
    WebSocketSession session = session("ws-max-queue", "32", "ws-max-size", "250");
    CompletionStage<Void> sent = session.sendText("in hand");
    assertThat(session.next()).isNotNull();
    session.lost();
    session.unwritten();
    assertThat(sent).isCompletedExceptionally();
  }

  /** RFC 6455 section 5.5.3: the newest is the one that must be answered. */
  @Test
  void pongsForAClientThatDoesNotReadDoNotPileUp() {
    WebSocketSession session = session("ws-max-queue", "32", "ws-max-size", "250");
    int pings = 1000;
    ByteBuffer frames = ByteBuffer.allocate(pings * (Integer.BYTES + 6));
    for (int i = 0; i < pings; i++) {
      frames.put((byte) (Frames.FIN | Frames.PING)).put((byte) (Frames.MASKED | Integer.BYTES));
      frames.putInt(0).putInt(i);
    }
    session.feed(frames.flip());
    assertThat(frames.hasRemaining()).isFalse();
    List<Integer> answered = new ArrayList<>();
    for (OutFrame pong = session.next(); pong != null; pong = session.next()) {
      assertThat(pong.header().get(0)).isEqualTo((byte) (Frames.FIN | Frames.PONG));
      answered.add(pong.payload().getInt(0));
      session.written(pong);
    }
    assertThat(answered)
        .hasSizeLessThanOrEqualTo(WebSocketSession.PONGS)
        .isSorted()
        .endsWith(pings - 1);
  }
}
