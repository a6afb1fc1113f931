package dev.arbiter.sync;

import dev.arbiter.app.HttpScope;
import dev.arbiter.app.Request;
import dev.arbiter.app.TlsInfo;
import dev.arbiter.http.HeadView;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Origin;
import dev.arbiter.http.RequestBook;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One request, as either contract sees it. Any thread, but for the body. */
final class Exchange extends HeadView implements Request, HttpScope {
  private final RequestBody body;
  private final @Nullable TlsInfo tls;
  private final String rootPath;
  private final Map<String, Object> state;

  Exchange(
      IncomingHead head,
      RequestBook.Entry entry,
      Origin origin,
      RequestBody body,
      @Nullable TlsInfo tls,
      String rootPath,
      Map<String, Object> state) {
    super(head, entry, origin);
    this.body = body;
    this.tls = tls;
    this.rootPath = rootPath;
    this.state = state;
  }

  RequestBody requestBody() {
    return body;
  }

  @Override
  public InputStream body() {
    return body;
  }

  @Override
  public Optional<TlsInfo> tls() {
    return Optional.ofNullable(tls);
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
