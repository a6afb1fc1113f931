package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.process.Kernel;
import dev.arbiter.settings.BindAddress;
import dev.arbiter.socket.Inherited;
import dev.arbiter.socket.Listener;
import dev.arbiter.socket.Listeners;
import dev.arbiter.socket.Listening;
import dev.arbiter.wire.Message.ListenerInfo;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A worker's accepting side on real sockets; here, because only the arbiter can bind a queue for
 * each slot.
 */
class AcceptorsTest {
  private static final int CLIENTS = 40;

  private final Listeners pool = new Listeners(Inherited.none(), text -> {}, text -> {});
  private final List<Socket> clients = new ArrayList<>();
  private final List<Member> members = new ArrayList<>();
  private Listener listener;

  /** A worker: copies of both descriptors, and what it accepted. */
  private final class Member implements Worker {
    private final List<Connection> served = new CopyOnWriteArrayList<>();
    private final List<Long> fds = new ArrayList<>();
    private final Connections connections;
    private final Acceptors acceptors;

    Member(int limit) throws Exception {
      List<ListenerInfo> infos = new ArrayList<>();
      for (int fd : listener.fds()) {
        int copy = Kernel.duplicateAbove(fd, 100);
        fds.add((long) copy);
        infos.add(new ListenerInfo(copy, listener.name(), false));
      }
      connections = new Connections(limit);
      acceptors = new Acceptors(infos, connections, this, false, text -> {}, text -> {});
      members.add(this);
    }

    Member assign(int... queues) {
      acceptors.assign(java.util.Arrays.stream(queues).mapToObj(fds::get).toList());
      acceptors.accept();
      return this;
    }

    @Override
    public void start(WorkerContext context) {}

    @Override
    public void serve(Connection connection) {
      served.add(connection);
      connection.taken();
    }

    @Override
    public void drain(DrainOrder order) {}

    @Override
    public void stop() {}
  }

  @BeforeEach
  void bind() throws Exception {
    listener = bind(1, "127.0.0.1:0", 2);
  }

  /** An address that an earlier generation has keeps the queues it had there. */
  private Listener bind(long generation, String address, int queues) throws Exception {
    Listening wanted =
        new Listening(List.of(BindAddress.parse(address)), true, 400, "", "", Path.of("/"), queues);
    return pool.take(generation, wanted).getFirst();
  }

  @AfterEach
  void close() throws Exception {
    for (Socket client : clients) {
      client.close();
    }
    for (Member member : members) {
      member.acceptors.leave(1000);
      member.served.forEach(connection -> Kernel.close(connection.fd()));
    }
    pool.close();
  }

  @Test
  void connectionsOfBothQueuesAreServed() throws Exception {
    new Member(0).assign(0);
    new Member(0).assign(1);
    connect(CLIENTS);
    awaitServed(CLIENTS);
  }

  @Test
  void aQueueThatNobodyServesIsTakenOverByItsNeighbour() throws Exception {
    Member only = new Member(0).assign(0);
    connect(CLIENTS);
    awaitServed(CLIENTS);
    assertThat(only.served).hasSize(CLIENTS);
  }

  @Test
  void aNeighbourOfAFullWorkerTakesWhatWaitsThere() throws Exception {
    Member full = new Member(1).assign(0);
    Member roomy = new Member(0).assign(1);
    connect(CLIENTS);
    awaitServed(CLIENTS);
    assertThat(full.served).hasSizeLessThanOrEqualTo(1);
    assertThat(roomy.served).hasSizeGreaterThanOrEqualTo(CLIENTS - 1);
  }

  /** One worker with room for two: what does not fit waits in the queue, and is refused nothing. */
  @Test
  void aFullWorkerStopsAcceptingUntilAConnectionCloses() throws Exception {
    listener = bind(2, "127.0.0.2:0", 1);
    Member worker = new Member(2).assign(0);
    connect(5);
    awaitServed(2);
    for (int served = 3; served <= 5; served++) {
      assertThat(worker.connections.hasRoom()).isFalse();
      assertThat(worker.served).as("accepted").hasSize(served - 1);
      worker.served.get(served - 3).closed();
      awaitServed(served);
    }
    assertThat(worker.connections.open()).isEqualTo(2);
  }

  @Test
  void whatAFullWorkerLeavesInTheQueueIsTakenByAnother() throws Exception {
    listener = bind(2, "127.0.0.2:0", 1);
    Member full = new Member(1).assign(0);
    connect(1);
    awaitServed(1);
    new Member(0).assign(0);
    connect(CLIENTS);
    awaitServed(CLIENTS + 1);
    assertThat(full.served).hasSize(1);
  }

  @Test
  void aWorkerThatWasGivenAnotherQueueLeavesTheFirst() throws Exception {
    Member first = new Member(0).assign(0, 1);
    connect(1);
    awaitServed(1);
    first.assign(0);
    new Member(0).assign(1);
    connect(CLIENTS);
    awaitServed(CLIENTS + 1);
  }

  @Test
  void whatWaitsInASocketThatIsGivenUpIsTakenBeforeItIsClosed() throws Exception {
    Member last = new Member(0).assign();
    connect(CLIENTS);
    last.acceptors.closing(last.fds);
    last.acceptors.leave(5000);
    assertThat(last.served).hasSize(CLIENTS);
  }

  private void connect(int count) throws Exception {
    URI address = URI.create(listener.name());
    for (int i = 0; i < count; i++) {
      clients.add(new Socket(address.getHost(), address.getPort()));
    }
  }

  private void awaitServed(int count) throws InterruptedException {
    long end = System.nanoTime() + 10_000_000_000L;
    while (members.stream().mapToInt(member -> member.served.size()).sum() < count) {
      assertThat(System.nanoTime()).as("served in time").isLessThan(end);
      Thread.sleep(5);
    }
  }
}
