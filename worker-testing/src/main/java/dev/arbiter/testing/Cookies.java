package dev.arbiter.testing;

import dev.arbiter.app.Headers;
import java.io.IOException;
import java.net.CookieManager;
import java.net.CookiePolicy;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The cookies a client keeps, by the rules of the JDK's own client. Any thread. */
final class Cookies {
  private final CookieManager manager = new CookieManager(null, CookiePolicy.ACCEPT_ALL);

  /** What to send; empty for none. */
  String toSend(URI uri) {
    try {
      List<String> values = manager.get(uri, Map.of()).getOrDefault("Cookie", List.of());
      return String.join("; ", values);
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  void keep(URI uri, Headers headers) {
    try {
      manager.put(uri, Map.of("Set-Cookie", headers.all("set-cookie")));
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  void set(URI uri, String name, String value) {
    HttpCookie cookie = new HttpCookie(name, value);
    cookie.setVersion(0);
    cookie.setPath("/");
    // As CookieManager names it, so that a cookie the app sets takes the place of this one.
    String host = uri.getHost();
    cookie.setDomain(host.contains(".") ? host : host + ".local");
    manager.getCookieStore().add(uri, cookie);
  }

  Optional<String> value(String name) {
    return manager.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().equals(name))
        .map(HttpCookie::getValue)
        .findFirst();
  }

  /** A URI of the target's path, whatever characters a test may have put there. */
  static URI uri(String scheme, String authority, String path) {
    int colon = authority.lastIndexOf(':');
    String host = colon < 0 || authority.endsWith("]") ? authority : authority.substring(0, colon);
    try {
      return new URI(scheme, host, path.startsWith("/") ? path : "/", null);
    } catch (URISyntaxException odd) {
      throw new IllegalArgumentException("Not a host or path: " + host + path, odd);
    }
  }
}
