package dev.arbiter.http.tls;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLEngine;

/**
 * Which host name a client asks for (RFC 6066 section 3), whoever made the engine that it asks.
 * Immutable; any thread.
 *
 * <p>A name is not judged by the rules for host names: those of containers and services have
 * underscores, and a client that is refused for its name learns less than one that is shown the
 * wrong certificate.
 *
 * @param providers who may have made an engine
 */
record ServerNames(List<TlsProvider> providers) {

  /**
   * The name as it was sent. Empty if there is none, or one that is not printable ASCII: nobody can
   * have a certificate for it, and it would not be safe in a log.
   */
  String of(SSLEngine engine) {
    for (TlsProvider provider : providers) {
      Optional<String> name = provider.serverName(engine);
      if (name.isPresent()) {
        return name.filter(ServerNames::printable).orElse("");
      }
    }
    return "";
  }

  private static boolean printable(String name) {
    return name.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /** As names are compared: without regard to case, or to the dot of the root at the end. */
  static String compared(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }
}
