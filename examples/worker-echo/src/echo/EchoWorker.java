package echo;

import static java.util.concurrent.CompletableFuture.delayedExecutor;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import dev.arbiter.worker.Connection;
import dev.arbiter.worker.DrainOrder;
import dev.arbiter.worker.SocketChannels;
import dev.arbiter.worker.Traffic;
import dev.arbiter.worker.Worker;
import dev.arbiter.worker.WorkerContext;
import dev.arbiter.worker.WorkerRuntime;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A worker kind that sends back each line it reads: what a kind has to bring, and nothing else. A
 * virtual thread for each connection; lives as long as the process.
 *
 * <p>A line is this protocol's request, in flight from its first byte until its newline was sent.
 */
final class EchoWorker implements Worker {
  private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
  private final AtomicLong lines = new AtomicLong();
  private WorkerContext context;
  private long maxLines;
  private volatile boolean lingerOver;

  public static void main(String[] args) {
    WorkerRuntime.run(new EchoWorker(), args);
  }

  @Override
  public void start(WorkerContext given) {
    context = given;
    long most = given.settings().number("max-requests", 0);
    long jitter = given.settings().number("max-requests-jitter", 0);
    maxLines = most == 0 ? Long.MAX_VALUE : most + ThreadLocalRandom.current().nextLong(jitter + 1);
  }

  @Override
  public void serve(Connection connection) {
    Thread.ofVirtual().name("echo-" + connection.fd()).start(new Session(connection));
  }

  @Override
  public void drain(DrainOrder order) {
    Runnable endIdle =
        () -> {
          lingerOver = true; // before the walk: a session that comes or goes idle later sees it
          sessions.forEach(Session::endIfIdle);
        };
    delayedExecutor(order.linger().toMillis(), MILLISECONDS).execute(endIdle);
  }

  @Override
  public void stop() {}

  @Override
  public Traffic traffic() {
    long[] ages = sessions.stream().mapToLong(Session::lineAge).filter(age -> age >= 0).toArray();
    long oldest = Arrays.stream(ages).max().orElse(0);
    return new Traffic(lines.get(), ages.length, oldest, 0, 0, List.of(), List.of(), 0);
  }

  @Override
  public List<String> inFlight() {
    return sessions.stream().filter(s -> s.lineAge() >= 0).map(Session::toString).toList();
  }

  /** One connection, on its virtual thread, until its client or a drain ends it. */
  private final class Session implements Runnable {
    private final Connection connection;
    private volatile SocketChannel channel;
    private volatile long lineSince; // nanoTime; 0 between lines

    Session(Connection connection) {
      this.connection = connection;
    }

    @Override
    public void run() {
      connection.taken();
      try (SocketChannel adopted = SocketChannels.channel(connection)) {
        channel = adopted;
        sessions.add(this);
        echo(ByteBuffer.allocate(8192));
      } catch (IOException e) {
        context.say("debug", this + " broke: " + e);
      } finally {
        sessions.remove(this);
        connection.closed();
      }
    }

    private void echo(ByteBuffer buffer) throws IOException {
      while (!(lingerOver && lineSince == 0) && channel.read(buffer.clear()) >= 0) {
        buffer.flip();
        lineSince = lineSince == 0 ? System.nanoTime() : lineSince;
        int newlines = 0;
        for (int i = 0; i < buffer.limit(); i++) {
          newlines += buffer.get(i) == '\n' ? 1 : 0;
        }
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        if (lines.addAndGet(newlines) >= maxLines) {
          context.recycle("served " + lines + " lines (max-requests " + maxLines + ")");
        }
        if (buffer.get(buffer.limit() - 1) == '\n') {
          lineSince = 0;
        }
      }
    }

    /** Half-closes, which ends the waiting read; a line whose first bytes cross this is cut. */
    void endIfIdle() {
      try {
        if (lineSince == 0) {
          channel.shutdownInput();
        }
      } catch (IOException e) {
        context.say("debug", this + " had ended: " + e);
      }
    }

    /** Milliseconds, or -1 between lines. */
    long lineAge() {
      long since = lineSince;
      return since == 0 ? -1 : NANOSECONDS.toMillis(System.nanoTime() - since);
    }

    @Override
    public String toString() {
      return "connection " + connection.fd() + ", line begun " + lineAge() + " ms ago";
    }
  }
}
