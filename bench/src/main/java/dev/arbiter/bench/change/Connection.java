package dev.arbiter.bench.change;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;

/**
 * One connection of one client: HTTP/1.1 by hand, and every byte of a response looked at. One
 * thread at a time.
 *
 * <p>It never looks whether the server has closed the connection before it writes a request. A
 * client that does would hide what RFC 9112, 9.3 calls closing an idle connection: here a request
 * that meets it has failed, as in LoadClients of the black-box tests.
 */
final class Connection implements AutoCloseable {
  /** Longer than any stall that is still worth a number. */
  static final Duration LIMIT = Duration.ofSeconds(10);

  private static final int MOST_FIELDS = 50;
  private static final int LONGEST_BODY = 1000;

  private final Socket socket;
  private final InputStream in;

  private Connection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  /**
   * What the app said.
   *
   * @param worker its pid
   * @param last whether the server closes the connection now
   */
  record Answer(String release, long worker, boolean last) {}

  /** The server answered, and not with what the app says. */
  static final class BadAnswer extends IOException {
    private static final long serialVersionUID = 1;

    BadAnswer(String message) {
      super(message);
    }
  }

  static Connection open(InetSocketAddress address) throws IOException {
    return open(address, 0);
  }

  /**
   * @param localPort the client's; 0 for any
   */
  static Connection open(InetSocketAddress address, int localPort) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(LIMIT.toMillis()));
      if (localPort != 0) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(address.getAddress(), localPort));
      }
      socket.connect(address, Math.toIntExact(LIMIT.toMillis()));
      return new Connection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  int localPort() {
    return socket.getLocalPort();
  }

  /** Asks, and reads the answer: of one of these releases, and to this very request. */
  Answer ask(String path, long number, Set<String> releases) throws IOException {
    send(path, number);
    return answer(number, releases);
  }

  void send(String path, long number) throws IOException {
    String request = "GET " + path + "?" + number + " HTTP/1.1\r\nHost: bench\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(ISO_8859_1));
  }

  Answer answer(long number, Set<String> releases) throws IOException {
    String status = line();
    int length = -1;
    boolean last = false;
    int fields = 0;
    for (String line = line(); !line.isEmpty(); line = line()) {
      String field = line.toLowerCase(Locale.ROOT);
      if (field.startsWith("content-length:")) {
        length = Integer.parseInt(field.substring(field.indexOf(':') + 1).strip());
      } else if (field.startsWith("connection:")) {
        last = field.contains("close");
      }
      fields++;
      if (fields > MOST_FIELDS) {
        throw new BadAnswer("endless header fields");
      }
    }
    if (!status.startsWith("HTTP/1.1 200") || length < 0 || length > LONGEST_BODY) {
      throw new BadAnswer(status + ", content-length " + length);
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the body ends after " + bytes.length + " of " + length + " bytes");
    }
    String body = new String(bytes, ISO_8859_1);
    String[] words = body.strip().split(" ");
    if (words.length != 3
        || !releases.contains(words[0])
        || !words[1].matches("[1-9][0-9]*")
        || !words[2].equals(Long.toString(number))) {
      throw new BadAnswer("to request " + number + " for one of " + releases + ": " + body.strip());
    }
    return new Answer(words[0], Long.parseLong(words[1]), last);
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException(
            line.size() == 0 ? "the connection ended" : "the connection ended within: " + line);
      }
      if (next == '\n') {
        break;
      }
      line.write(next);
    }
    String text = line.toString(ISO_8859_1);
    if (!text.endsWith("\r")) {
      throw new BadAnswer("a line without CR: " + text);
    }
    return text.substring(0, text.length() - 1);
  }

  /** Closes with RST, so that its address is free at once. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
