package dev.arbiter.http;

import dev.arbiter.worker.WorkerSettings;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** The proxies that are believed here. */
@NullMarked
final class Proxies {
  private Proxies() {}

  static ProxySettings settings() {
    return ProxySettings.from(
        new WorkerSettings(
            Map.of("forwarded-allow-ips", "10.0.0.0/8", "proxy-allow-from", "10.0.0.0/8")));
  }
}
