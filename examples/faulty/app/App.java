package app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Receive;
import dev.arbiter.app.ReceiveEvent.RequestBody;
import dev.arbiter.app.ReceiveEvent.WebSocketText;
import dev.arbiter.app.Scope;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.SendEvent.WebSocketAccept;
import dev.arbiter.app.WebSocketScope;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * Misbehaves on request, for trying by hand what the arbiter does about it. The methods that hurt
 * have names that a thread dump shows.
 */
public final class App implements AsyncApp {
  private static final long HOUR = 3_600_000;
  private static final int MEGABYTE = 1 << 20;
  private static final int PART = 1 << 16;
  private static final String TEXT = "text/plain; charset=utf-8";

  /** What {@code /leak} and {@code /oom} keep reachable. */
  private final List<byte[]> kept = new CopyOnWriteArrayList<>();

  private final Faults faults = new Faults();
  private volatile long spun;

  @Override
  public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
    if (!(scope instanceof HttpScope http)) {
      return scope instanceof WebSocketScope ? accept(receive, send) : after(0);
    }
    try {
      return answer(http, receive, send);
    } catch (BadParameter e) {
      return text(send, 400, e.getMessage());
    }
  }

  /** A WebSocket at any path gives back what it gets, with the worker's number before it. */
  private static CompletionStage<Void> accept(Receive receive, Send send) {
    String pid = ProcessHandle.current().pid() + " ";
    return receive
        .next()
        .thenCompose(_ -> send.send(new WebSocketAccept()))
        .thenCompose(
            _ ->
                whileTrue(
                    () ->
                        receive
                            .next()
                            .thenCompose(
                                event ->
                                    event instanceof WebSocketText(String text)
                                        ? send.send(new SendEvent.WebSocketText(pid + text))
                                            .thenApply(_ -> true)
                                        : CompletableFuture.completedFuture(false))));
  }

  private CompletionStage<Void> answer(HttpScope http, Receive receive, Send send) {
    Query query = new Query(http.query());
    long pid = ProcessHandle.current().pid();
    return switch (http.path()) {
      case "/" -> text(send, 200, "hello from worker " + pid);
      case "/pid" -> text(send, 200, Long.toString(pid));
      case "/sleep" -> {
        long ms = query.number("ms", 0, HOUR);
        http.extendDeadline(Duration.ofMillis(query.number("extend", 0, HOUR, 0)));
        yield after(ms).thenCompose(_ -> text(send, 200, "slept " + ms + " ms"));
      }
      case "/block" -> {
        long ms = query.number("ms", 0, HOUR);
        blockTheLoop(ms);
        yield text(send, 200, "blocked for " + ms + " ms");
      }
      case "/spin" -> {
        long ms = query.number("ms", 0, HOUR);
        long count = query.number("n", 1, 1000, 1);
        for (long i = 0; i < count; i++) {
          Thread.ofVirtual().name("spin-" + i).start(() -> spinWithoutYielding(ms));
        }
        yield text(send, 200, count + " virtual threads spin for " + ms + " ms");
      }
      case "/burn" -> {
        long ms = query.number("ms", 0, HOUR);
        long count = query.number("n", 1, 1000, 1);
        for (long i = 0; i < count; i++) {
          Thread.ofPlatform().daemon().name("burn-" + i).start(() -> spinWithoutYielding(ms));
        }
        yield text(send, 200, count + " threads spin for " + ms + " ms");
      }
      case "/throw" -> throw new IllegalStateException("thrown on purpose");
      case "/exit" -> {
        Runtime.getRuntime().halt((int) query.number("code", 0, 255, 1));
        throw new AssertionError("halted");
      }
      case "/oom" -> {
        boolean swallow = query.number("swallow", 0, 1, 0) == 1;
        try {
          exhaustTheHeap();
        } catch (OutOfMemoryError e) {
          if (!swallow) {
            throw e;
          }
          kept.clear();
        }
        yield text(send, 200, "had no memory, and goes on as if nothing had been");
      }
      case "/leak" -> {
        leak(query.number("mb", 1, 1 << 20));
        yield text(send, 200, "keeps " + kept.size() + " MB");
      }
      case "/metaspace" -> {
        long count = query.number("n", 1, HOUR, Long.MAX_VALUE);
        faults.fillMetaspace(count);
        yield text(send, 200, "keeps " + count + " classes more");
      }
      case "/direct" -> {
        long mb = query.number("mb", 1, 1 << 20, Long.MAX_VALUE);
        faults.exhaustDirectMemory(mb);
        yield text(send, 200, "keeps " + mb + " MB more outside the heap");
      }
      case "/crash" -> {
        faults.crashTheJvm();
        throw new AssertionError("crashed");
      }
      case "/deadlock" -> {
        faults.deadlock();
        throw new AssertionError("a deadlock that ended");
      }
      case "/pool" -> {
        faults.waitForTheFullPool();
        throw new AssertionError("a pool that was emptied");
      }
      case "/native" -> {
        faults.hangInNativeCode();
        throw new AssertionError("a pipe that was written to");
      }
      case "/gc" -> {
        long mb = query.number("mb", 1, 1 << 20);
        faults.collectForEver(mb);
        yield text(send, 200, "collects " + mb + " MB again and again");
      }
      case "/big" -> big(send, query.number("bytes", 0, 1L << 40));
      case "/echo" -> echo(http, receive, send);
      default -> text(send, 404, "no such fault: see the README");
    };
  }

  private static void blockTheLoop(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** Never parks, so its carrier thread serves no other virtual thread until it is done. */
  private void spinWithoutYielding(long ms) {
    long end = System.nanoTime() + MILLISECONDS.toNanos(ms);
    long value = 0;
    while (System.nanoTime() - end < 0) {
      value = value * 31 + 7;
    }
    spun = value;
  }

  /** In large pieces, because the heap may be large as well. */
  private void exhaustTheHeap() {
    int piece = (int) Math.clamp(Runtime.getRuntime().maxMemory() / 64, MEGABYTE, 1 << 30);
    while (true) {
      kept.add(new byte[piece]);
    }
  }

  private void leak(long megabytes) {
    for (long i = 0; i < megabytes; i++) {
      kept.add(new byte[MEGABYTE]);
    }
  }

  private static CompletionStage<Void> after(long ms) {
    return CompletableFuture.runAsync(
        () -> {}, CompletableFuture.delayedExecutor(ms, MILLISECONDS));
  }

  private static CompletionStage<Void> text(Send send, int status, String text) {
    byte[] bytes = (text + "\n").getBytes(UTF_8);
    return send.send(new ResponseStart(status, Headers.of("content-type", TEXT)))
        .thenCompose(_ -> send.send(new ResponseBody(ByteBuffer.wrap(bytes), false)));
  }

  private static CompletionStage<Void> big(Send send, long bytes) {
    Headers headers =
        Headers.of(
            "content-type", "application/octet-stream", "content-length", Long.toString(bytes));
    byte[] part = new byte[(int) Math.min(bytes, PART)];
    long[] left = {bytes};
    return send.send(new ResponseStart(200, headers))
        .thenCompose(
            _ ->
                whileTrue(
                    () -> {
                      int size = (int) Math.min(left[0], PART);
                      left[0] -= size;
                      boolean more = left[0] > 0;
                      return send.send(new ResponseBody(ByteBuffer.wrap(part, 0, size), more))
                          .thenApply(_ -> more);
                    }));
  }

  private static CompletionStage<Void> echo(HttpScope http, Receive receive, Send send) {
    Headers type =
        Headers.of("content-type", http.headers().first("content-type").orElse("text/plain"));
    Optional<String> length = http.headers().first("content-length");
    Headers headers = length.map(bytes -> type.with("content-length", bytes)).orElse(type);
    boolean[] started = {false};
    return whileTrue(
        () ->
            receive
                .next()
                .thenCompose(
                    event ->
                        switch (event) {
                          case RequestBody(ByteBuffer bytes, boolean more) -> {
                            // Only now: the first receive is what answers 100-continue.
                            CompletionStage<Void> start =
                                started[0]
                                    ? CompletableFuture.completedFuture(null)
                                    : send.send(new ResponseStart(200, headers));
                            started[0] = true;
                            yield start
                                .thenCompose(_ -> send.send(new ResponseBody(bytes, more)))
                                .thenApply(_ -> more);
                          }
                          default -> CompletableFuture.completedFuture(false);
                        }));
  }

  /**
   * Takes {@code step} again and again until it gives false, each after the one before has
   * completed. A loop rather than a chain of stages: a step that completes at once would otherwise
   * add to the stack.
   */
  private static CompletionStage<Void> whileTrue(Supplier<CompletionStage<Boolean>> step) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    again(step, done);
    return done;
  }

  private static void again(Supplier<CompletionStage<Boolean>> step, CompletableFuture<Void> done) {
    CompletableFuture<Boolean> taken;
    try {
      do {
        taken = step.get().toCompletableFuture();
      } while (taken.isDone() && !taken.isCompletedExceptionally() && taken.resultNow());
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
      return;
    }
    taken.whenComplete(
        (more, failure) -> {
          if (failure != null) {
            done.completeExceptionally(failure);
          } else if (more) {
            again(step, done);
          } else {
            done.complete(null);
          }
        });
  }

  private static final class BadParameter extends RuntimeException {
    private static final long serialVersionUID = 1;

    BadParameter(String message) {
      super(message, null, false, false);
    }
  }

  private record Query(String text) {
    long number(String name, long least, long most) {
      return parse(
          name,
          find(name).orElseThrow(() -> new BadParameter(name + "=N is missing")),
          least,
          most);
    }

    long number(String name, long least, long most, long otherwise) {
      Optional<String> value = find(name);
      return value.isPresent() ? parse(name, value.get(), least, most) : otherwise;
    }

    private Optional<String> find(String name) {
      for (String pair : text.split("&")) {
        if (pair.startsWith(name + "=")) {
          return Optional.of(pair.substring(name.length() + 1));
        }
      }
      return Optional.empty();
    }

    private static long parse(String name, String value, long least, long most) {
      try {
        long number = Long.parseLong(value);
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException _) {
        // said below
      }
      throw new BadParameter(name + " must be a number from " + least + " to " + most);
    }
  }
}
