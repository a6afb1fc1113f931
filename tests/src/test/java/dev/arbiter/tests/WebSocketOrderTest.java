package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A million messages there and back: none is lost, doubled, changed or overtaken. */
@Tag("slow")
final class WebSocketOrderTest {
  private static final int CLIENTS = 4;
  private static final int EACH = 250_000;
  private static final int LONGEST = 200;

  /** Of a message: which it is. */
  private static final int NUMBER = 4;

  private static final String APP =
      """
      package app;

      import dev.arbiter.app.BlockingApp;
      import dev.arbiter.app.Request;
      import dev.arbiter.app.Response;
      import dev.arbiter.app.WebSocket;

      public final class App implements BlockingApp {
        @Override
        public Response handle(Request request) {
          if (request.path().equals("/pid")) {
            return Response.text(Long.toString(ProcessHandle.current().pid()));
          }
          return Response.webSocket(App::echo);
        }

        private static void echo(WebSocket socket) throws Exception {
          while (socket.receive() instanceof WebSocket.Message.Binary(var bytes)) {
            socket.sendBinary(bytes);
          }
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void aMillionMessagesComeBackInOrder(String kind) throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), APP);
    ArbiterProcess arbiter =
        arbiters.command().kind(kind).app("--chdir", classes.toString(), "app:App").start();
    Set<Long> workers = arbiter.workers();
    List<Socket> sockets = new ArrayList<>();
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), arbiter.port());
        sockets.add(socket);
        socket.setSoTimeout((int) Limits.CHANGE.toMillis());
        open(socket);
        Callable<Integer> reads = () -> read(socket);
        results.add(pool.submit(() -> write(socket)));
        results.add(pool.submit(reads));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get(2, TimeUnit.MINUTES)).isEqualTo(EACH);
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    assertThat(arbiter.workers()).isEqualTo(workers);
  }

  private static void open(Socket socket) throws IOException {
    String ask =
        """
        GET /ws HTTP/1.1
        Host: a
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==

        """;
    socket.getOutputStream().write(ask.replace("\n", "\r\n").getBytes(US_ASCII));
    int ends = 0;
    while (ends < 4) {
      int b = socket.getInputStream().read();
      assertThat(b).isNotNegative();
      ends = b == "\r\n\r\n".charAt(ends) ? ends + 1 : b == '\r' ? 1 : 0;
    }
  }

  /** Messages differ in length, so that they lie across the bounds of reads. */
  private static int length(int number) {
    return NUMBER + number % (LONGEST - NUMBER);
  }

  private static int write(Socket socket) throws IOException {
    OutputStream out = socket.getOutputStream();
    ByteBuffer batch = ByteBuffer.allocate(32 * 1024);
    for (int number = 0; number < EACH; number++) {
      int length = length(number);
      if (batch.remaining() < length + 8) {
        out.write(batch.array(), 0, batch.position());
        batch.clear();
      }
      batch.put((byte) 0x82);
      if (length > 125) {
        batch.put((byte) 0xfe).putShort((short) length);
      } else {
        batch.put((byte) (0x80 | length));
      }
      batch.putInt(0); // a mask that changes nothing
      int end = batch.position() + length;
      batch.putInt(number);
      while (batch.position() < end) {
        batch.put((byte) number);
      }
    }
    out.write(batch.array(), 0, batch.position());
    return EACH;
  }

  /** How many came back, up to the first that is not the next. */
  private static int read(Socket socket) throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
    byte[] rest = new byte[LONGEST];
    for (int number = 0; number < EACH; number++) {
      int length = length(number);
      int first = in.readUnsignedByte();
      int announced = in.readUnsignedByte();
      announced = announced == 126 ? in.readUnsignedShort() : announced;
      if (first != 0x82 || announced != length || in.readInt() != number) {
        return number;
      }
      in.readFully(rest, 0, length - NUMBER);
      for (int i = 0; i < length - NUMBER; i++) {
        if (rest[i] != (byte) number) {
          return number;
        }
      }
    }
    return EACH;
  }
}
