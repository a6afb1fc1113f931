package dev.arbiter.socket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.process.Kernel;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who comes upon a socket file that a killed process has left. */
class StaleSocketTest {
  private static final int ROUNDS = 300;
  private static final int CONTENDERS = 3;

  @TempDir Path folder;

  @Test
  void ofManyWhoStartAtOnceOneHasTheFileAndTheOthersAreRefused() throws Exception {
    CyclicBarrier start = new CyclicBarrier(CONTENDERS);
    try (ExecutorService pool = Executors.newFixedThreadPool(CONTENDERS)) {
      for (int round = 0; round < ROUNDS; round++) {
        Path path = stale(round);
        Callable<Object> contender =
            () -> {
              start.await();
              try {
                return OwnSocket.bind(path, 0600);
              } catch (BindFailure e) {
                return e.getMessage();
              }
            };
        List<Object> outcomes = new ArrayList<>();
        for (Future<Object> outcome : pool.invokeAll(Collections.nCopies(CONTENDERS, contender))) {
          outcomes.add(outcome.get());
        }
        List<Listener> bound = new ArrayList<>();
        for (Object outcome : outcomes) {
          if (outcome instanceof Listener listener) {
            bound.add(listener);
          } else {
            assertThat(outcome).asString().contains("another process listens there");
          }
        }
        assertThat(bound).as("round %d: %s", round, outcomes).hasSize(1);
        SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
        bound.getFirst().close();
        assertThat(folder).isEmptyDirectory();
      }
    }
  }

  @Test
  void aFolderThatAnotherHasLockedForLongHoldsUpNobodyForEver() throws Exception {
    int fd = Kernel.openFolder(folder);
    try {
      Kernel.lock(fd);
      OwnSocket.bind(folder.resolve("a.sock"), 0600).close();
    } finally {
      Kernel.close(fd);
    }
  }

  private Path stale(int round) throws Exception {
    Path path = folder.resolve(round + ".sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(Files.exists(path)).isTrue();
    return path;
  }
}
