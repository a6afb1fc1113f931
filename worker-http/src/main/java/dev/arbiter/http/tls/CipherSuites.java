package dev.arbiter.http.tls;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of cipher suites, as the RFCs and as OpenSSL have them. */
final class CipherSuites {
  private static final List<String> TLS_1_3 =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

  /** Without one that has no forward secrecy or encrypts without authentication in one. */
  private static final List<String> TLS_1_2 =
      List.of(
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private static final Pattern OPENSSL =
      Pattern.compile(
          "(ECDHE|DHE)-(RSA|ECDSA)-(?:AES(128|256)(-GCM)?-(SHA\\d*)|CHACHA20-POLY1305)");

  /** Never served, whatever is asked for: no key exchange, no encryption, or broken. */
  private static final Pattern UNSAFE =
      Pattern.compile(".*_(anon|NULL|EXPORT|RC4|DES|3DES|MD5)_?.*");

  private CipherSuites() {}

  /**
   * The suites to use, best first.
   *
   * @param setting what the operator wants, empty for the usual ones. It limits TLS 1.2; and TLS
   *     1.3 if it names a suite of that, as OpenSSL keeps the two apart
   * @param supported by the provider
   * @throws Wrong one is not known
   */
  static List<String> of(String setting, Set<String> supported) throws Wrong {
    List<String> chosen = new ArrayList<>();
    for (String name : setting.split("[:, ]+")) {
      if (!name.isEmpty()) {
        String suite = translated(name);
        if (!supported.contains(suite) || UNSAFE.matcher(suite).matches()) {
          throw new Wrong(
              "--ciphers %s: %s is not a cipher suite that can be used".formatted(setting, name),
              "names with colons between them, such as ECDHE-RSA-AES128-GCM-SHA256");
        }
        chosen.add(suite);
      }
    }
    if (chosen.isEmpty()) {
      chosen.addAll(TLS_1_2);
    }
    if (chosen.stream().noneMatch(TLS_1_3::contains)) {
      chosen.addAll(0, TLS_1_3);
    }
    return chosen.stream().filter(supported::contains).toList();
  }

  /** Whether there is one that TLS 1.2 can use. */
  static boolean forTls12(List<String> suites) {
    return !TLS_1_3.containsAll(suites);
  }

  private static String translated(String name) {
    Matcher old = OPENSSL.matcher(name.toUpperCase(Locale.ROOT));
    if (!old.matches()) {
      return name.toUpperCase(Locale.ROOT).replace("_ANON_", "_anon_");
    }
    String exchange = "TLS_" + old.group(1) + "_" + old.group(2) + "_WITH_";
    return old.group(3) == null
        ? exchange + "CHACHA20_POLY1305_SHA256"
        : exchange
            + "AES_"
            + old.group(3)
            + (old.group(4) == null ? "_CBC_" : "_GCM_")
            + old.group(5);
  }
}
