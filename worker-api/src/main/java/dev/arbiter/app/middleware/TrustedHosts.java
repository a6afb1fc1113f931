package dev.arbiter.app.middleware;

import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Answers 400 to a request whose {@code Host} is none of ours. An app that builds links from the
 * host it was asked for can otherwise be made to send its users elsewhere, and a cache before it be
 * poisoned.
 *
 * <p>Compared are names, without case, port or the dot a full name may end with. The worker's own
 * {@code --health-path} probe asks for {@code localhost}: name that too where it is used.
 */
public final class TrustedHosts implements Middleware {
  private static final Response REFUSED =
      Response.text("400 Bad Request: unknown host\n").withStatus(400);

  private final boolean any;
  private final Set<String> names = new HashSet<>();

  /** With the dot in front. */
  private final Set<String> suffixes = new HashSet<>();

  private TrustedHosts(List<String> patterns) {
    if (patterns.isEmpty()) {
      throw new IllegalArgumentException("No host is trusted: name one, or * for any.");
    }
    any = patterns.contains("*");
    for (String pattern : patterns) {
      String lower = pattern.toLowerCase(Locale.ROOT);
      boolean wild = lower.startsWith("*.");
      String name = wild ? lower.substring(2) : lower;
      if (!lower.equals("*") && (!name(name).equals(Optional.of(name)) || name.contains("*"))) {
        throw new IllegalArgumentException(
            "Not a host: " + pattern + "; write shop.example, *.shop.example, [::1] or *");
      }
      if (wild) {
        suffixes.add("." + name);
      } else {
        names.add(name);
      }
    }
  }

  /**
   * Trusts these.
   *
   * @param patterns {@code shop.example} is that name, {@code *.shop.example} every name below it
   *     but not itself, {@code *} any name that is well-formed; an IPv6 address has its brackets
   * @return what answers requests for other hosts in the app's stead
   * @throws IllegalArgumentException one of them is none of these, or there is none
   */
  public static TrustedHosts of(String... patterns) {
    return new TrustedHosts(Arrays.asList(patterns));
  }

  @Override
  public Passage enter(RequestHead request) {
    List<String> hosts = request.headers().all("host");
    boolean trusted = hosts.size() == 1 && name(hosts.getFirst()).filter(this::trusts).isPresent();
    return trusted ? Passage.ON : Passage.answered(REFUSED);
  }

  private boolean trusts(String name) {
    if (any || names.contains(name)) {
      return true;
    }
    for (int dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
      if (suffixes.contains(name.substring(dot))) {
        return true;
      }
    }
    return false;
  }

  /** The name in a Host field (RFC 9110 section 7.2), in lower case; empty if it is malformed. */
  static Optional<String> name(String host) {
    int end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
    String name = end < 0 ? host : host.substring(0, end);
    String port = end < 0 ? "" : host.substring(end);
    boolean portFine = port.isEmpty() || port.matches(":[0-9]{0,5}");
    if (!portFine) {
      return Optional.empty();
    }
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.startsWith("[")) {
      return lower.matches("\\[[0-9a-f:.]{2,45}]") ? Optional.of(lower) : Optional.empty();
    }
    String bare = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    // No empty label: ".shop.example" and "shop..example" are no names.
    boolean fine = bare.matches("[a-z0-9_-]+(\\.[a-z0-9_-]+)*") && bare.length() <= 253;
    return fine ? Optional.of(bare) : Optional.empty();
  }
}
