package dev.arbiter.http.tls;

import dev.arbiter.http.tls.TlsPlan.Clients;
import dev.arbiter.worker.WorkerSettings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the operator set about TLS; files are not read yet.
 *
 * @param certificate the server's chain
 * @param key its private key; the same file if it is in there
 * @param password of keys, as {@link Files} takes it
 * @param protocols to speak, newest first
 * @param clients whether they must show a certificate
 * @param authorities whom clients' certificates must come from; empty: nobody
 * @param revoked lists of revoked certificates; empty: none
 * @param ciphers as {@link CipherSuites} takes it
 * @param named certificate and key for host names
 * @param applications to offer in ALPN (RFC 7301), best first
 * @param handshakeTimeout zero: no limit
 * @param listeners descriptors of the listeners that speak TLS
 * @param provider who does it
 */
record TlsSettings(
    Files.Named certificate,
    Files.Named key,
    String password,
    List<String> protocols,
    Clients clients,
    Files.Named authorities,
    Files.Named revoked,
    String ciphers,
    Map<String, Pair> named,
    List<String> applications,
    Duration handshakeTimeout,
    Set<Integer> listeners,
    Provider provider) {

  /** Whom the operator wants. */
  enum Provider {
    /** OpenSSL where the kind of worker, this machine and the keys allow it; else the JDK. */
    AUTO,
    JDK,
    OPENSSL
  }

  /** The files of one host name. */
  record Pair(Files.Named certificate, Files.Named key) {}

  static TlsSettings from(WorkerSettings settings, List<String> applications) throws Wrong {
    Function<String, Files.Named> file =
        name -> new Files.Named("--" + name, settings.text(name).orElse(""));
    Files.Named certificate = file.apply("certfile");
    Files.Named key = file.apply("keyfile");
    return new TlsSettings(
        certificate,
        key.path().isEmpty() ? certificate : key,
        settings.text("ssl-keyfile-password").orElse(""),
        settings.text("ssl-version").orElse("1.2").equals("1.3")
            ? List.of("TLSv1.3")
            : List.of("TLSv1.3", "TLSv1.2"),
        Clients.valueOf(settings.text("ssl-cert-reqs").orElse("none").toUpperCase(Locale.ROOT)),
        file.apply("ca-certs"),
        file.apply("ssl-crl"),
        settings.text("ciphers").orElse(""),
        named(settings.text("sni").orElse("")),
        applications,
        settings.duration("tls-handshake-timeout", Duration.ofSeconds(10)),
        settings
            .text("tls-listeners")
            .map(text -> Stream.of(text.split(" ")).map(Integer::valueOf))
            .orElse(Stream.of())
            .collect(Collectors.toUnmodifiableSet()),
        Provider.valueOf(settings.text("ssl-provider").orElse("auto").toUpperCase(Locale.ROOT)));
  }

  /** Lines of {@code NAME=CERT,KEY}, or {@code NAME=CERT} where the key is in the same file. */
  private static Map<String, Pair> named(String lines) throws Wrong {
    Map<String, Pair> named = new LinkedHashMap<>();
    for (String line : lines.lines().toList()) {
      int equals = line.indexOf('=');
      String[] files = line.substring(equals + 1).split(",", -1);
      if (equals <= 0 || files.length > 2 || files[0].isEmpty()) {
        throw new Wrong("--sni " + line + ": expected NAME=CERT,KEY", "");
      }
      String setting = "--sni " + line.substring(0, equals);
      named.put(
          line.substring(0, equals),
          new Pair(
              new Files.Named(setting, files[0]),
              new Files.Named(setting, files[files.length - 1])));
    }
    return named;
  }
}
