package dev.arbiter.app.httpserver;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpContext;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import dev.arbiter.app.Request;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/**
 * One exchange, as a JDK handler sees it. On the handler's thread.
 *
 * <p>Its base class promises null in several places, which is why it is not null-marked.
 */
@NullUnmarked
final class HandlerExchange extends HttpExchange {
  /**
   * A handler is promised an IP address even where the client has none, or is not known. Not the
   * loopback address: a handler may trust that one.
   */
  private static final InetSocketAddress NO_ADDRESS = new InetSocketAddress("0.0.0.0", 0);

  private final Request request;
  private final URI uri;
  private final HandlerContext context;
  private final ExchangePipe pipe = new ExchangePipe();
  private final Headers requestHeaders;
  private final Headers responseHeaders = new Headers();
  private final Map<String, Object> attributes = new ConcurrentHashMap<>();
  private InputStream in;
  private OutputStream out;
  private @Nullable HttpPrincipal principal;
  private int status = -1;

  HandlerExchange(Request request, URI uri, HandlerContext context) {
    this.request = request;
    this.uri = uri;
    this.context = context;
    Headers received = new Headers();
    request.headers().forEach(received::add);
    requestHeaders = Headers.of(received);
    in = request.body();
    out = new Out();
  }

  /** An authenticator knows who asks. */
  void principal(HttpPrincipal known) {
    principal = known;
  }

  ExchangePipe pipe() {
    return pipe;
  }

  @Override
  public void sendResponseHeaders(int code, long length) throws IOException {
    if (status != -1) {
      throw new IOException("The response headers were sent already.");
    }
    status = code;
    boolean head = request.method().equals("HEAD");
    List<String> fields = new ArrayList<>();
    responseHeaders.forEach(
        (name, values) -> {
          boolean ours = name.equalsIgnoreCase("content-length") && !(head && length == -1);
          if (!ours && !name.equalsIgnoreCase("transfer-encoding")) {
            for (String value : values) {
              fields.add(name.toLowerCase(Locale.ROOT));
              fields.add(value);
            }
          }
        });
    if (length > 0) {
      fields.add("content-length");
      fields.add(Long.toString(length));
    }
    pipe.start(
        new ExchangePipe.Head(code, dev.arbiter.app.Headers.of(fields.toArray(String[]::new))));
    if (length == -1) {
      pipe.finish(null);
    }
  }

  @Override
  public void close() {
    if (status == -1) {
      pipe.finish(new IOException("The handler closed the exchange without a response."));
    } else {
      pipe.finish(null);
    }
  }

  @Override
  public Headers getRequestHeaders() {
    return requestHeaders;
  }

  @Override
  public Headers getResponseHeaders() {
    return responseHeaders;
  }

  @Override
  public URI getRequestURI() {
    return uri;
  }

  @Override
  public String getRequestMethod() {
    return request.method();
  }

  @Override
  public HttpContext getHttpContext() {
    return context;
  }

  @Override
  public InputStream getRequestBody() {
    return in;
  }

  @Override
  public OutputStream getResponseBody() {
    return out;
  }

  @Override
  public InetSocketAddress getRemoteAddress() {
    return address(request.client());
  }

  @Override
  public InetSocketAddress getLocalAddress() {
    return address(request.server());
  }

  private static InetSocketAddress address(Optional<SocketAddress> address) {
    return address.orElse(NO_ADDRESS) instanceof InetSocketAddress inet ? inet : NO_ADDRESS;
  }

  @Override
  public int getResponseCode() {
    return status;
  }

  @Override
  public String getProtocol() {
    return request.httpVersion();
  }

  @Override
  public @Nullable Object getAttribute(String name) {
    return attributes.get(name);
  }

  @Override
  public void setAttribute(String name, @Nullable Object value) {
    if (value == null) {
      attributes.remove(name);
    } else {
      attributes.put(name, value);
    }
  }

  @Override
  public void setStreams(@Nullable InputStream newIn, @Nullable OutputStream newOut) {
    if (newIn != null) {
      in = newIn;
    }
    if (newOut != null) {
      out = newOut;
    }
  }

  @Override
  public @Nullable HttpPrincipal getPrincipal() {
    return principal;
  }

  private final class Out extends OutputStream {
    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (status == -1) {
        throw new IOException("The response headers have not been sent.");
      }
      if (!request.method().equals("HEAD")) {
        pipe.write(bytes, offset, length);
      }
    }

    @Override
    public void flush() {
      if (status != -1) {
        pipe.flush();
      }
    }

    @Override
    public void close() {
      if (status != -1) {
        pipe.finish(null);
      }
    }
  }
}
