package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * One connection, byte by byte: sends exactly what it is told, reads responses by the book and
 * fails on anything else. Every read has a time limit. One thread at a time.
 */
final class RawClient implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  private final @Nullable Socket socket;
  private final InputStream in;
  private final OutputStream out;

  RawClient(@Nullable Socket socket, InputStream in, OutputStream out) {
    this.socket = socket;
    this.in = new BufferedInputStream(in);
    this.out = out;
  }

  /** A connection to this port of 127.0.0.1. */
  static RawClient tcp(int port) throws IOException {
    return tcp(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
  }

  static RawClient tcp(InetSocketAddress address) throws IOException {
    return tcp(address, Limits.ANSWER);
  }

  /**
   * @param limit for each read
   */
  static RawClient tcp(InetSocketAddress address, Duration limit) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
      socket.connect(address, Math.toIntExact(CONNECT.toMillis()));
      return new RawClient(socket, socket.getInputStream(), socket.getOutputStream());
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** A connection inside TLS to this port of 127.0.0.1. */
  static RawClient tls(int port, SSLContext context) throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
    try {
      socket.setSoTimeout(Math.toIntExact(Limits.ANSWER.toMillis()));
      socket.startHandshake();
      return new RawClient(socket, socket.getInputStream(), socket.getOutputStream());
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  static RawClient unix(Path path) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    return new RawClient(null, Channels.input(channel, Limits.ANSWER), Channels.output(channel));
  }

  /** The client's own port; -1 on a Unix socket. */
  int localPort() {
    return socket == null ? -1 : socket.getLocalPort();
  }

  RawClient send(String text) throws IOException {
    return send(text.getBytes(ISO_8859_1));
  }

  RawClient send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    return this;
  }

  /** Sends a request line and header fields, each ended by CRLF, and the empty line. */
  RawClient head(String... lines) throws IOException {
    return send(String.join("\r\n", lines) + "\r\n\r\n");
  }

  /** Sends a GET that keeps the connection. */
  RawClient request(String target) throws IOException {
    return send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }

  /**
   * Sends the head of a POST to {@code /echo}: a request that is under way, with no response begun,
   * for as long as the test wants.
   */
  RawClient beginUpload() throws IOException {
    return head("POST /echo HTTP/1.1", "Host: test", "Content-Length: 5");
  }

  /** Sends its body, so that it is answered. */
  RawClient finishUpload() throws IOException {
    return send("hello");
  }

  /** Sends a GET and reads its response. */
  Answer get(String target) throws IOException {
    return request(target).answer();
  }

  /** Sends a POST with this body and reads its response. */
  Answer post(String target, String body) throws IOException {
    head("POST " + target + " HTTP/1.1", "Host: test", "Content-Length: " + body.length());
    return send(body).answer();
  }

  /** The pid of the worker that holds this connection. */
  long pid() throws IOException {
    return get("/pid").number();
  }

  /** How long each read may take from now on; TCP only. */
  void readLimit(Duration limit) throws IOException {
    if (socket != null) {
      socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
    }
  }

  /** Tells the other side that nothing more will come. */
  RawClient finishSending() throws IOException {
    if (socket != null) {
      socket.shutdownOutput();
    }
    return this;
  }

  /** Closes with RST instead of FIN. */
  void reset() throws IOException {
    if (socket != null) {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  /** Reads one response, skipping interim ones. */
  Answer answer() throws IOException {
    while (true) {
      Answer answer = answer(false);
      if (answer.status() >= 200) {
        return answer;
      }
    }
  }

  /** Reads the next response, interim or final. */
  Answer nextAnswer() throws IOException {
    return answer(false);
  }

  /** Reads the response to a HEAD: there is no body, whatever the header fields say. */
  Answer answerToHead() throws IOException {
    return answer(true);
  }

  private Answer answer(boolean toHead) throws IOException {
    String[] start = line().split(" ", 3);
    if (start.length < 2 || !start[0].startsWith("HTTP/1.")) {
      throw new ProtocolFault("Not a status line: " + String.join(" ", start));
    }
    int status = Integer.parseInt(start[1]);
    Map<String, List<String>> headers = new LinkedHashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new ProtocolFault("Not a header field: " + line);
      }
      headers
          .computeIfAbsent(
              line.substring(0, colon).toLowerCase(Locale.ROOT), n -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
    boolean close =
        headers.getOrDefault("connection", List.of()).stream()
            .anyMatch(value -> value.toLowerCase(Locale.ROOT).contains("close"));
    String body = toHead || status < 200 || status == 204 || status == 304 ? "" : body(headers);
    return new Answer(start[0], status, headers, body, close);
  }

  private String body(Map<String, List<String>> headers) throws IOException {
    if (headers.containsKey("transfer-encoding")) {
      if (headers.containsKey("content-length")) {
        throw new ProtocolFault("Both Transfer-Encoding and Content-Length");
      }
      return chunks();
    }
    List<String> length = headers.getOrDefault("content-length", List.of());
    if (length.size() > 1) {
      throw new ProtocolFault("Content-Length twice: " + length);
    }
    return length.isEmpty() ? readAll() : bytes(Integer.parseInt(length.getFirst()));
  }

  private String chunks() throws IOException {
    StringBuilder body = new StringBuilder();
    while (true) {
      String head = line();
      int size = Integer.parseInt(head.split(";")[0].strip(), 16);
      if (size == 0) {
        for (String trailer = line(); !trailer.isEmpty(); trailer = line()) {
          body.append("");
        }
        return body.toString();
      }
      body.append(bytes(size));
      if (!line().isEmpty()) {
        throw new ProtocolFault("A chunk is longer than its size says");
      }
    }
  }

  /** Reads exactly this many bytes. */
  String bytes(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("The body ends after " + bytes.length + " of " + count + " bytes");
    }
    return new String(bytes, ISO_8859_1);
  }

  /** Reads header fields to the empty line, and what follows to its end; how many bytes that is. */
  long countBody() throws IOException {
    while (!line().isEmpty()) {}
    return in.transferTo(OutputStream.nullOutputStream());
  }

  /** Reads a line, which must end with CRLF. */
  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next;
    while ((next = in.read()) >= 0) {
      if (next == '\n') {
        String text = line.toString(ISO_8859_1);
        if (!text.endsWith("\r")) {
          throw new ProtocolFault("A line ends without CR: " + text);
        }
        return text.substring(0, text.length() - 1);
      }
      line.write(next);
    }
    throw new EOFException(
        line.size() == 0 ? "The connection ended" : "The connection ended within a line: " + line);
  }

  /** Reads to the end. */
  String readAll() throws IOException {
    return new String(in.readAllBytes(), ISO_8859_1);
  }

  /** Whether the other side has closed, or closes within {@code limit}; nothing may come before. */
  boolean closedWithin(Duration limit) throws IOException {
    readLimit(limit);
    try {
      return in.read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
    } else {
      in.close();
    }
  }

  /** The server broke the protocol. */
  static final class ProtocolFault extends IOException {
    private static final long serialVersionUID = 1;

    ProtocolFault(String message) {
      super(message);
    }
  }
}
