package dev.arbiter.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.settings.BindAddress;
import dev.arbiter.socket.BindFailure;
import dev.arbiter.socket.Inherited;
import dev.arbiter.socket.Listener;
import dev.arbiter.socket.Listeners;
import dev.arbiter.socket.Listening;
import dev.arbiter.wire.Message;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who accepts from what: descriptors from 6 on, three queues at one address. */
class QueuesTest {
  private final Listeners pool = new Listeners(Inherited.none(), text -> {}, text -> {});

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void eachSlotHasItsOwn() throws Exception {
    List<Listener> listeners = listeners(3);
    assertThat(plan(holder(10, 0, listeners), holder(11, 1, listeners), holder(12, 2, listeners)))
        .containsOnly(gets(10, 6), gets(11, 7), gets(12, 8));
  }

  @Test
  void aQueueOfNobodyIsEverybodys() throws Exception {
    List<Listener> listeners = listeners(3);
    assertThat(plan(holder(10, 0, listeners), holder(12, 2, listeners)))
        .containsOnly(gets(10, 6, 7), gets(12, 7, 8));
  }

  @Test
  void theLastOneServesAll() throws Exception {
    assertThat(plan(holder(10, 1, listeners(3)))).containsOnly(gets(10, 6, 7, 8));
  }

  @Test
  void oldAndNewInOneSlotShareIt() throws Exception {
    List<Listener> listeners = listeners(2);
    assertThat(plan(holder(1, 0, listeners), holder(2, 1, listeners), holder(3, 0, listeners)))
        .containsOnly(gets(1, 6), gets(2, 7), gets(3, 6));
  }

  @Test
  void slotsBeyondTheQueuesShareThem() throws Exception {
    List<Listener> listeners = listeners(2);
    assertThat(plan(holder(1, 0, listeners), holder(2, 1, listeners), holder(3, 2, listeners)))
        .containsOnly(gets(1, 6), gets(2, 7), gets(3, 6));
  }

  @Test
  void anAddressThatOnlyTheNewGenerationHasIsServedByItsFirstWorkerAlone() throws Exception {
    List<Listener> old = pool.take(1, wanted(2, "127.0.0.1:0"));
    List<Listener> now = pool.take(2, wanted(2, "127.0.0.1:0", "127.0.0.1:0"));
    assertThat(plan(holder(1, 0, old), holder(2, 1, old), holder(3, 0, now)))
        .containsOnly(gets(1, 6), gets(2, 7), gets(3, 6, 8, 9));
  }

  @Test
  void whatIsSharedAnywayIsEverybodys() throws Exception {
    List<Listener> listeners = pool.take(1, wanted(2, "unix:@arbiter-queues-test", "127.0.0.1:0"));
    assertThat(plan(holder(1, 0, listeners), holder(2, 1, listeners)))
        .containsOnly(gets(1, 6, 7), gets(2, 6, 8));
  }

  @Test
  void withoutQueuesNobodyIsToldAnything() throws Exception {
    assertThat(plan(holder(1, 0, listeners(1)))).isEmpty();
  }

  private List<Listener> listeners(int queues) throws BindFailure {
    return pool.take(1, wanted(queues, "127.0.0.1:0"));
  }

  private static Listening wanted(int queues, String... addresses) {
    List<BindAddress> all = List.of(addresses).stream().map(BindAddress::parse).toList();
    return new Listening(all, true, 16, "", "", Path.of("/"), queues);
  }

  private static Queues.Holder holder(int worker, int slot, List<Listener> listeners) {
    return new Queues.Holder(worker, slot, listeners);
  }

  private static Map<Integer, Message.Queues> plan(Queues.Holder... accepting) {
    return Queues.plan(List.of(accepting));
  }

  private static Map.Entry<Integer, Message.Queues> gets(int worker, long... descriptors) {
    return Map.entry(
        worker, new Message.Queues(java.util.Arrays.stream(descriptors).boxed().toList()));
  }
}
