package dev.arbiter.bench.change;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code --reuse-port}: connections wait in the queue of one worker when that dies. How long until
 * its neighbours have answered all of them.
 *
 * <p>The kernel deals connections by a hash of both addresses, and stays with it while the
 * listeners stay. So the clients' ports that lead to one worker are found first, by asking. Then
 * all workers are stopped, clients connect from these ports and ask, and the worker is killed and
 * the others go on. A wait is measured from that moment to the last byte of the answer.
 */
final class QueueScene implements Row.Scene {
  private static final int WAITING = 400;

  private static final int HELPED = 100;

  /** Below those that the kernel takes for clients which do not choose. */
  private static final int FIRST_PORT = 12_000;

  private static final int LAST_PORT = 32_000;
  private static final Set<String> GOOD = Set.of("good");

  @Override
  public Row.Run play(Stage stage) throws Exception {
    Set<Long> workers = stage.awaitStart(0);
    InetSocketAddress address = stage.address();
    long victim = workers.iterator().next();
    List<Integer> ports = portsTo(victim, address);
    List<Connection> clients = new ArrayList<>();
    try (Hiccup hiccup = Hiccup.start()) {
      for (long worker : workers) {
        Kernel.kill(worker, Kernel.Signal.STOP);
      }
      for (long worker : workers) {
        awaitStopped(worker);
      }
      for (int port : ports) {
        Connection client = Connection.open(address, port);
        client.send("/now", port);
        clients.add(client);
      }
      awaitOneQueue(address.getPort());

      hiccup.begin();
      long killed = System.nanoTime();
      Kernel.kill(victim, Kernel.Signal.KILL);
      workers.stream()
          .filter(worker -> worker != victim)
          .forEach(worker -> Kernel.kill(worker, Kernel.Signal.CONT));
      Row.Run run = answers(clients, killed, hiccup);
      stage.fleet().settle(stage.workers());
      return run;
    } finally {
      workers.forEach(worker -> Kernel.kill(worker, Kernel.Signal.CONT));
      for (Connection client : clients) {
        client.close();
      }
    }
  }

  /**
   * Asks from many ports, and a while later from those again that led to this worker: it may have
   * helped a neighbour out that was slow for a moment.
   */
  private static List<Integer> portsTo(long worker, InetSocketAddress address)
      throws IOException, ChangeFailed {
    List<Integer> ports = new ArrayList<>();
    for (int port = FIRST_PORT; port < LAST_PORT && ports.size() < WAITING + HELPED; port++) {
      if (leadsTo(worker, address, port)) {
        ports.add(port);
      }
    }
    List<Integer> sure = new ArrayList<>();
    for (int port : ports) {
      if (sure.size() < WAITING && leadsTo(worker, address, port)) {
        sure.add(port);
      }
    }
    if (sure.size() < WAITING) {
      throw new ChangeFailed("only " + sure.size() + " ports lead to worker " + worker);
    }
    return sure;
  }

  private static boolean leadsTo(long worker, InetSocketAddress address, int port)
      throws IOException {
    try (Connection client = Connection.open(address, port)) {
      boolean leads = client.ask("/now", port, GOOD).worker() == worker;
      client.reset();
      return leads;
    } catch (BindException e) {
      return false; // somebody else has it
    }
  }

  /** The premise: all in one queue, and nobody has taken one out. */
  private static void awaitOneQueue(int port) throws Exception {
    List<Integer> queues = List.of();
    for (int i = 0; i < 100; i++) {
      queues =
          Kernel.tcp(port).stream()
              .filter(Kernel.Tcp::listening)
              .map(Kernel.Tcp::waiting)
              .filter(waiting -> waiting > 0)
              .toList();
      if (queues.equals(List.of(WAITING))) {
        return;
      }
      MILLISECONDS.sleep(10);
    }
    throw new ChangeFailed("not " + WAITING + " in one queue, but " + queues);
  }

  private static Row.Run answers(List<Connection> clients, long killed, Hiccup hiccup)
      throws InterruptedException {
    List<Load.Failure> failures = new ArrayList<>();
    List<Long> waits = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    AtomicInteger answered = new AtomicInteger();
    for (Connection client : clients) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    int port = client.localPort();
                    String failure = "";
                    try {
                      client.answer(port, GOOD);
                      answered.incrementAndGet();
                    } catch (IOException | RuntimeException e) {
                      failure = e.toString();
                    }
                    long now = System.nanoTime();
                    synchronized (waits) {
                      waits.add(now - killed);
                      if (!failure.isEmpty()) {
                        failures.add(new Load.Failure(failure, 0, port, false, now));
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join(Connection.LIMIT.multipliedBy(2));
    }
    synchronized (waits) {
      waits.sort(null);
      double longest = waits.getLast() / 1e6;
      double median = waits.get(waits.size() / 2) / 1e6;
      return new Row.Run(
          answered.get(),
          List.copyOf(failures),
          List.of(longest, median, hiccup.longest() / 1e6),
          "");
    }
  }

  static void awaitStopped(long worker) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (!Kernel.stopped(worker)) {
      if (System.nanoTime() - deadline > 0) {
        throw new ChangeFailed("worker " + worker + " does not stop");
      }
      MILLISECONDS.sleep(1);
    }
  }
}
