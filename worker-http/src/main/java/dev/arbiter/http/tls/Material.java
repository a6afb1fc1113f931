package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.http.tls.TlsPlan.Clients;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What was in the files of TLS when they were last read. Immutable.
 *
 * @param keys chooses among the certificates
 * @param keyTypes the algorithms of their keys
 * @param trust judges those of clients
 * @param admission stands for what decides which clients are let in
 * @param fingerprint stands for all that was read
 * @param warnings for the operator, of what can be used all the same
 */
record Material(
    X509ExtendedKeyManager keys,
    Set<String> keyTypes,
    X509ExtendedTrustManager trust,
    String admission,
    String fingerprint,
    List<String> warnings) {

  /**
   * Reads and checks all of it.
   *
   * @param names tells which certificate a client asks for
   * @throws Wrong which file it is, and what is wrong with it
   */
  static Material read(TlsSettings settings, ServerNames names) throws Wrong {
    Files files = new Files(settings.password(), System.getenv());
    Credentials standard = Credentials.read(files, settings.certificate(), settings.key());
    Map<String, Credentials> named = new LinkedHashMap<>();
    for (Map.Entry<String, TlsSettings.Pair> entry : settings.named().entrySet()) {
      TlsSettings.Pair pair = entry.getValue();
      named.put(entry.getKey(), Credentials.read(files, pair.certificate(), pair.key()));
    }
    List<Credentials> all = Stream.concat(Stream.of(standard), named.values().stream()).toList();
    List<String> warnings = new ArrayList<>();
    all.stream().flatMap(one -> Validity.problem(one.own()).stream()).forEach(warnings::add);
    try {
      MessageDigest admission = MessageDigest.getInstance("SHA-256");
      admission.update(settings.clients().name().getBytes(US_ASCII));
      X509ExtendedTrustManager trust = trust(settings, files, admission);
      return new Material(
          new KeyChoice(standard, named, names),
          all.stream().map(one -> one.key().getAlgorithm()).collect(Collectors.toUnmodifiableSet()),
          trust,
          HexFormat.of().formatHex(admission.digest()),
          files.fingerprint(),
          List.copyOf(warnings));
    } catch (GeneralSecurityException e) {
      throw new Wrong("TLS cannot be set up with these certificates: " + e.getMessage(), "");
    }
  }

  private static X509ExtendedTrustManager trust(
      TlsSettings settings, Files files, MessageDigest admission)
      throws Wrong, GeneralSecurityException {
    if (settings.clients() == Clients.NONE) {
      return ClientTrust.nobody();
    }
    byte[] authorities = files.read(settings.authorities());
    admission.update(authorities);
    byte[] revoked = settings.revoked().path().isEmpty() ? null : files.read(settings.revoked());
    if (revoked != null) {
      admission.update((byte) 0);
      admission.update(revoked);
    }
    return ClientTrust.of(
        Credentials.certificates(settings.authorities(), authorities),
        revoked == null ? List.of() : Credentials.revoked(settings.revoked(), revoked));
  }
}
