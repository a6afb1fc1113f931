package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.middleware.Compression;
import dev.arbiter.compression.Codings;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an encoder holds is not the heap's, so no collector frees it in time: it has to go with the
 * answer, also where the client leaves in the midst of that. The same for every kind.
 */
@Timeout(120)
public abstract class CompressionMemoryCases {
  private static final int ANSWERS = 500;

  /** A few, for what is made once and kept: buffers, pools, the libraries. */
  private static final int BEFORE = 50;

  /** The least that one stream holds; see {@link Codings}. */
  private static final long STREAM = 400_000;

  private static final byte[] PART = new byte[16 * 1024];

  static {
    new Random(1).nextBytes(PART);
  }

  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger live = new AtomicInteger();

  /** Starts a worker. */
  protected abstract Host serve(App app, String... settings) throws Exception;

  /** Counts the streams that were made and not closed. */
  private Compression.Coding counted(Compression.Coding coding) {
    return new Compression.Coding() {
      @Override
      public String name() {
        return coding.name();
      }

      @Override
      public OutputStream encode(OutputStream out) throws IOException {
        OutputStream stream = coding.encode(out);
        AtomicBoolean open = new AtomicBoolean(true);
        made.incrementAndGet();
        live.incrementAndGet();
        return new FilterOutputStream(stream) {
          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            stream.write(bytes, offset, length);
          }

          @Override
          public void close() throws IOException {
            try {
              stream.close();
            } finally {
              if (open.getAndSet(false)) {
                live.decrementAndGet();
              }
            }
          }
        };
      }
    };
  }

  /** Both send until they cannot. */
  private static App app(boolean blocking, Compression compression) {
    BlockingApp blocks =
        _ ->
            Response.stream(
                "text/plain",
                out -> {
                  while (true) {
                    out.write(PART);
                    out.flush();
                    // Or those that were left a moment ago would have the loops to themselves.
                    LockSupport.parkNanos(1_000_000);
                  }
                });
    AsyncApp async =
        (_, _, send) -> {
          Headers headers = Headers.of("content-type", "text/plain");
          return send.send(new ResponseStart(200, headers)).thenCompose(_ -> endless(send));
        };
    return blocking ? compression.around(blocks) : compression.around(async);
  }

  private static CompletionStage<Void> endless(Send send) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    sendOn(send, end);
    return end;
  }

  /** On a thread of its own, as what an app waits for would be: or no loop would ever be free. */
  private static void sendOn(Send send, CompletableFuture<Void> end) {
    CompletionStage<Void> _ =
        send.send(new ResponseBody(ByteBuffer.wrap(PART), true))
            .whenCompleteAsync(
                (_, failure) -> {
                  if (failure == null) {
                    sendOn(send, end);
                  } else {
                    end.completeExceptionally(failure);
                  }
                },
                Thread::startVirtualThread);
  }

  private static void breakOff(Host host, String coding, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      RawClient client = host.connect();
      client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: " + coding + "\r\n\r\n");
      assertThat(client.head().field("content-encoding")).isEqualTo(coding);
      client.bytes(10_000);
      if (i % 2 == 0) {
        client.breakOff();
      }
      client.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"true,br", "true,zstd", "false,br", "false,zstd"})
  void answersThatClientsBreakOffLeaveNothing(boolean blocking, String coding) throws Exception {
    Compression.Coding real =
        coding.equals("br") ? Codings.brotli(4) : Codings.zstandard(3); // as --compress has them
    App app = app(blocking, Compression.create().codings(counted(real)));
    try (Host host = serve(app)) {
      breakOff(host, coding, BEFORE);
      Await.until(30, () -> live.get() == 0);
      long before = inUse();
      breakOff(host, coding, ANSWERS);
      Await.until(30, () -> live.get() == 0);
      assertThat(made).hasValue(BEFORE + ANSWERS);
      assertThat(inUse() - before).as("native memory").isLessThan(ANSWERS * STREAM / 2);
    }
  }

  /** Of what was asked of malloc(3), and not freed: mallinfo2(3), uordblks and hblkhd. */
  @SuppressWarnings("restricted")
  private static long inUse() {
    MemoryLayout info = MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG);
    MemoryLayout struct = MemoryLayout.structLayout(info);
    Linker linker = Linker.nativeLinker();
    MethodHandle mallinfo =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("mallinfo2"), FunctionDescriptor.of(struct));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment told = (MemorySegment) mallinfo.invokeExact((SegmentAllocator) arena);
      return told.getAtIndex(ValueLayout.JAVA_LONG, 7) + told.getAtIndex(ValueLayout.JAVA_LONG, 4);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }
}
