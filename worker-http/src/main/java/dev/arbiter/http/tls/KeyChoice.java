package dev.arbiter.http.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the certificate by the name the client asks for (RFC 6066 section 3): that of the name,
 * else that of its wildcard, else the first. A name that is not known gets the first, too: refusing
 * it would tell a scanner which names there are, and lock out clients that come by address.
 *
 * <p>Immutable; any thread. An alias is a number.
 */
final class KeyChoice extends X509ExtendedKeyManager {
  private static final String WILDCARD = "*.";

  private final List<Credentials> all;
  private final Map<String, Integer> byName;
  private final ServerNames names;

  /**
   * @param standard for clients that name none, or one that is not in {@code named}
   * @param named by host name; {@code *.example.org} stands for one label
   * @param names tells which one a client asks for
   */
  KeyChoice(Credentials standard, Map<String, Credentials> named, ServerNames names) {
    this.names = names;
    List<Credentials> credentials = new java.util.ArrayList<>(List.of(standard));
    byName = new HashMap<>();
    named.forEach(
        (name, own) -> {
          byName.put(ServerNames.compared(name), credentials.size());
          credentials.add(own);
        });
    all = List.copyOf(credentials);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    int choice = choice(engine);
    // Asked for one kind of key after the other, until there is an answer.
    return all.get(choice).key().getAlgorithm().equals(keyType) ? Integer.toString(choice) : null;
  }

  private int choice(SSLEngine engine) {
    if (byName.isEmpty()) {
      return 0;
    }
    String name = ServerNames.compared(names.of(engine));
    Integer exact = byName.get(name);
    if (exact != null) {
      return exact;
    }
    int dot = name.indexOf('.');
    return dot < 0 ? 0 : byName.getOrDefault(WILDCARD + name.substring(dot + 1), 0);
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return all.get(Integer.parseInt(alias)).chain().toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return all.get(Integer.parseInt(alias)).key();
  }

  // ---- what a server's engine does not ask

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }
}
