package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A gigabyte each way through a worker with a heap of 64 MB, byte for byte, while other clients are
 * slow: what is under way is never in memory, neither of those who are fast nor of those who are
 * not.
 */
@Tag("slow")
final class LargeBodyTest {
  private static final int BLOCK = 64 * 1024;
  private static final int BLOCKS = 16 * 1024;

  /** Each time so many blocks of the fast one are through, the slow ones go a step. */
  private static final int STEP = 64;

  /** What a slow one takes or gives in a step. */
  private static final int LITTLE = 1024;

  private static final String APP =
      """
      package app;

      import dev.arbiter.app.BlockingApp;
      import dev.arbiter.app.Request;
      import dev.arbiter.app.Response;
      import java.io.InputStream;
      import java.nio.ByteBuffer;
      import java.security.MessageDigest;
      import java.util.HexFormat;
      import java.util.Random;

      public final class App implements BlockingApp {
        @Override
        public Response handle(Request request) throws Exception {
          return switch (request.path()) {
            case "/pid" -> Response.text(Long.toString(ProcessHandle.current().pid()));
            case "/digest" -> Response.text(digest(request.body()));
            default -> Response.stream("application/octet-stream", out -> {
              byte[] block = new byte[65536];
              new Random(1).nextBytes(block);
              for (int i = 0; i < 16384; i++) {
                ByteBuffer.wrap(block).putInt(i);
                out.write(block);
              }
            });
          };
        }

        private static String digest(InputStream body) throws Exception {
          MessageDigest digest = MessageDigest.getInstance("SHA-256");
          byte[] part = new byte[65536];
          for (int n = body.read(part); n >= 0; n = body.read(part)) {
            digest.update(part, 0, n);
          }
          return HexFormat.of().formatHex(digest.digest());
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void aGigabyteEachWayThroughASmallHeapBesideSlowClients(String kind) throws Exception {
    ArbiterProcess arbiter = start(kind);
    try (HttpClient http = HttpClient.newHttpClient();
        Slow slow = new Slow(SocketFactory.getDefault(), arbiter.port())) {
      Ways ways =
          new Ways(http, "http://127.0.0.1:" + arbiter.port(), HttpClient.Version.HTTP_1_1, slow);
      ways.upload(true);
      ways.upload(false);
      ways.download();
    }
    assertServedBy(arbiter);
  }

  /** Where records and, with netty, frames and their windows are in between. */
  @EachKind
  void insideTlsAsWell(String kind) throws Exception {
    Path certificate = Certificates.make(arbiters.folder(), "server");
    SSLContext tls = Certificates.trusting(certificate);
    ArbiterProcess arbiter = start(kind, "--certfile", certificate.toString());
    try (HttpClient http = HttpClient.newBuilder().sslContext(tls).build();
        Slow slow = new Slow(tls.getSocketFactory(), arbiter.tlsPort())) {
      HttpClient.Version version =
          kind.equals("netty") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
      Ways ways = new Ways(http, "https://127.0.0.1:" + arbiter.tlsPort(), version, slow);
      ways.upload(false);
      ways.download();
    }
    assertServedBy(arbiter);
  }

  private long worker;

  private ArbiterProcess start(String kind, String... more) throws Exception {
    Path classes = SourceApp.compile(arbiters.folder(), APP);
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .args("--java-opts", "-Xmx64m", "--write-timeout", "10m", "--body-timeout", "10m")
            .args(more)
            .app("--chdir", classes.toString(), "app:App")
            .start();
    worker = arbiter.workers().iterator().next();
    return arbiter;
  }

  /** The same worker from the first byte to the last, which never had as much as one body. */
  private void assertServedBy(ArbiterProcess arbiter) throws Exception {
    assertThat(Proc.peakMemory(worker)).as("bytes").isLessThan(512L << 20);
    assertThat(arbiter.workers()).containsExactly(worker);
  }

  /** A gigabyte this way or that. */
  private record Ways(HttpClient http, String there, HttpClient.Version version, Slow slow) {
    void upload(boolean lengthKnown) throws Exception {
      Body body = new Body(slow);
      HttpRequest.BodyPublisher stream = BodyPublishers.ofInputStream(() -> body);
      HttpRequest upload =
          HttpRequest.newBuilder(URI.create(there + "/digest"))
              .version(version)
              .POST(
                  lengthKnown
                      ? BodyPublishers.fromPublisher(stream, (long) BLOCK * BLOCKS)
                      : stream)
              .build();
      HttpResponse<String> response = http.send(upload, BodyHandlers.ofString());
      assertThat(response.version()).isEqualTo(version);
      assertThat(response.body()).isEqualTo(digest());
    }

    void download() throws Exception {
      HttpRequest download =
          HttpRequest.newBuilder(URI.create(there + "/bytes")).version(version).build();
      HttpResponse<InputStream> response = http.send(download, BodyHandlers.ofInputStream());
      assertThat(response.version()).isEqualTo(version);
      assertThat(digest(response.body(), slow)).isEqualTo(digest());
    }
  }

  private static byte[] block() {
    byte[] block = new byte[BLOCK];
    new Random(1).nextBytes(block);
    return block;
  }

  private static String digest() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] block = block();
    for (int i = 0; i < BLOCKS; i++) {
      ByteBuffer.wrap(block).putInt(i);
      digest.update(block);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String digest(InputStream in, Slow slow) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] part = new byte[BLOCK];
    int blocks = 0;
    for (int n = in.readNBytes(part, 0, BLOCK); n > 0; n = in.readNBytes(part, 0, BLOCK)) {
      digest.update(part, 0, n);
      if (++blocks % STEP == 0) {
        slow.step();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** What is uploaded, made while it is read. */
  private static final class Body extends InputStream {
    private final byte[] block = block();
    private final Slow slow;
    private int next;
    private int at = BLOCK;

    Body(Slow slow) {
      this.slow = slow;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (at == BLOCK) {
        if (next == BLOCKS) {
          return -1;
        }
        ByteBuffer.wrap(block).putInt(next++);
        at = 0;
        if (next % STEP == 0) {
          slow.step();
        }
      }
      int count = Math.min(length, BLOCK - at);
      System.arraycopy(block, at, to, offset, count);
      at += count;
      return count;
    }
  }

  /** A client that takes its gigabyte by the kilobyte, and one that brings it so. */
  private static final class Slow implements AutoCloseable {
    private final Socket reader;
    private final Socket writer;
    private final byte[] expected = block();
    private boolean inBody;
    private int read;

    Slow(SocketFactory sockets, int port) throws IOException {
      reader = sockets.createSocket(InetAddress.getLoopbackAddress(), port);
      writer = sockets.createSocket(InetAddress.getLoopbackAddress(), port);
      say(reader, "GET /bytes HTTP/1.0\r\n\r\n");
      say(writer, "POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n");
      ByteBuffer.wrap(expected).putInt(0);
    }

    private static void say(Socket socket, String text) throws IOException {
      socket.setSoTimeout((int) Limits.ANSWER.toMillis());
      socket.getOutputStream().write(text.getBytes(US_ASCII));
    }

    void step() throws IOException {
      InputStream in = reader.getInputStream();
      if (!inBody) {
        inBody = true;
        skipHead(in);
      }
      byte[] part = in.readNBytes(LITTLE);
      int from = read % BLOCK;
      if (from == 0) {
        ByteBuffer.wrap(expected).putInt(read / BLOCK);
      }
      assertThat(part).isEqualTo(Arrays.copyOfRange(expected, from, from + LITTLE));
      read += LITTLE;
      OutputStream out = writer.getOutputStream();
      out.write(part);
      out.flush();
    }

    private static void skipHead(InputStream in) throws IOException {
      int ends = 0;
      while (ends < 4) {
        int b = in.read();
        ends = b == "\r\n\r\n".charAt(ends) ? ends + 1 : b == '\r' ? 1 : 0;
      }
    }

    @Override
    public void close() throws IOException {
      reader.close();
      writer.close();
    }
  }
}
