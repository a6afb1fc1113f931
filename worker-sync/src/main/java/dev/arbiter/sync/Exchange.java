package dev.arbiter.sync;

import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Request;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.HeadView;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.RequestBook;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/** One request, as either contract sees it. Any thread, but for the body. */
final class Exchange extends HeadView implements Request, HttpScope {
  private final Link link;
  private final RequestBody body;
  private final Reply reply;
  private final String rootPath;
  private final Map<String, Object> state;

  Exchange(
      IncomingHead head,
      RequestBook.Entry entry,
      Origin origin,
      Link link,
      RequestBody body,
      Reply reply,
      String rootPath,
      Map<String, Object> state) {
    super(head, entry, origin);
    this.link = link;
    this.body = body;
    this.reply = reply;
    this.rootPath = rootPath;
    this.state = state;
  }

  RequestBody requestBody() {
    return body;
  }

  /** Whether the client has hung up. */
  HangUp hangUp() {
    return link.hangUp();
  }

  @Override
  public InputStream body() {
    return body;
  }

  @Override
  public Headers trailers() {
    return body.trailers();
  }

  @Override
  public boolean isDisconnected() {
    return link.broken() || link.hangUp().seen();
  }

  @Override
  public void inform(int status, Headers headers) throws IOException {
    reply.inform(status, headers);
  }

  @Override
  public Optional<TlsInfo> tls() {
    return Optional.ofNullable(link.tls());
  }

  @Override
  public Optional<SSLSession> sslSession() {
    return Optional.ofNullable(link.sslSession());
  }

  @Override
  public String rootPath() {
    return rootPath;
  }

  @Override
  public Map<String, Object> state() {
    return state;
  }
}
