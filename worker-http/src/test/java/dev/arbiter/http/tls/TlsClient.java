package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.RawClient.Answer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;

/**
 * A client inside TLS, over a socket that may be odd. Tells a connection that was ended in TLS from
 * one that was only closed; never waits longer than ten seconds.
 */
public final class TlsClient implements AutoCloseable {
  private static final int PATIENCE = 10_000;

  private final SSLSocket socket;
  private final InputStream in;

  /**
   * Shakes hands.
   *
   * @param protocol the one to speak; empty for whatever both can
   * @throws IOException the handshake has failed
   */
  public TlsClient(Socket raw, SSLContext context, String name, String protocol)
      throws IOException {
    this(raw, context, name, protocol, "http/1.1");
  }

  /**
   * The same.
   *
   * @param offered in ALPN
   */
  public TlsClient(Socket raw, SSLContext context, String name, String protocol, String... offered)
      throws IOException {
    raw.setSoTimeout(PATIENCE);
    raw.setTcpNoDelay(true);
    socket = (SSLSocket) context.getSocketFactory().createSocket(raw, name, 443, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(List.of(named(name)));
    parameters.setApplicationProtocols(offered);
    if (!protocol.isEmpty()) {
      parameters.setProtocols(new String[] {protocol});
    }
    socket.setSSLParameters(parameters);
    try {
      socket.startHandshake();
    } catch (IOException failed) {
      raw.close();
      throw failed;
    }
    in = new BufferedInputStream(socket.getInputStream());
  }

  /** As clients send it that do not ask whether it can be the name of a host. */
  private static SNIServerName named(String name) {
    return new SNIServerName(StandardConstants.SNI_HOST_NAME, name.getBytes(ISO_8859_1)) {};
  }

  /** The socket, for what is known of its session. */
  public SSLSocket socket() {
    return socket;
  }

  /**
   * Whether its session goes on with that of an earlier connection of the same context, of which
   * this was asked too.
   */
  public boolean resumed() {
    SSLSession session = socket.getSession(); // values go with it, under TLS 1.3 too
    boolean seen = session.getValue("seen") != null;
    session.putValue("seen", true);
    return seen;
  }

  /** Sends text. */
  public TlsClient send(String text) throws IOException {
    return send(text.getBytes(ISO_8859_1));
  }

  /** Sends bytes. */
  public TlsClient send(byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
    return this;
  }

  /** Asks for {@code path} and reads the answer. */
  public Answer get(String path) throws IOException {
    return send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").answer();
  }

  /** Reads one answer. */
  public Answer answer() throws IOException {
    String line = line();
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field = line(); !field.isEmpty(); field = line()) {
      int colon = field.indexOf(':');
      fields.put(
          field.substring(0, colon).toLowerCase(Locale.ROOT), field.substring(colon + 1).strip());
    }
    int status = Integer.parseInt(line.substring(9, 12));
    return new Answer(status, fields, status < 200 ? "" : body(fields));
  }

  private String body(Map<String, String> fields) throws IOException {
    if (!"chunked".equals(fields.get("transfer-encoding"))) {
      String length = fields.getOrDefault("content-length", "0");
      return new String(bytes(Integer.parseInt(length)), ISO_8859_1);
    }
    StringBuilder body = new StringBuilder();
    while (true) {
      int length = Integer.parseInt(line(), 16);
      body.append(new String(bytes(length), ISO_8859_1));
      line();
      if (length == 0) {
        return body.toString();
      }
    }
  }

  /** Reads so many bytes. */
  public byte[] bytes(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("after " + bytes.length + " of " + count + " bytes");
    }
    return bytes;
  }

  /** Reads a line, without its end. */
  public String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("after: " + line);
      }
      line.write(b);
    }
    return line.toString(ISO_8859_1).stripTrailing();
  }

  /**
   * Reads to the end.
   *
   * @throws IOException the connection was closed without an end in TLS
   */
  public String rest() throws IOException {
    return new String(in.readAllBytes(), ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
