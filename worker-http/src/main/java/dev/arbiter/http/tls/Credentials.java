package dev.arbiter.http.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A certificate with those that vouch for it, and its private key; checked to belong together.
 *
 * @param chain the server's own first
 */
record Credentials(List<X509Certificate> chain, PrivateKey key) {
  private static final int DER_SEQUENCE = 0x30;

  Credentials {
    chain = List.copyOf(chain);
  }

  /** The server's own certificate. */
  X509Certificate own() {
    return chain.getFirst();
  }

  /**
   * Reads a certificate chain and its key: two PEM files, one with both in it, or a PKCS#12 file.
   *
   * @param keyFile the same as {@code certificateFile} if there is none of its own
   */
  static Credentials read(Files files, Files.Named certificateFile, Files.Named keyFile)
      throws Wrong {
    byte[] bytes = files.read(certificateFile);
    if (!Pem.is(bytes)) {
      return pkcs12(certificateFile, bytes, files.password());
    }
    List<X509Certificate> chain = certificates(certificateFile, bytes);
    PrivateKey key = key(keyFile, files.read(keyFile), files.password());
    Credentials credentials = new Credentials(chain, key);
    credentials.requireMatch(certificateFile, keyFile);
    return credentials;
  }

  /** All certificates of a PEM file: at least one. */
  static List<X509Certificate> certificates(Files.Named file, byte[] bytes) throws Wrong {
    List<X509Certificate> found = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Pem.Block block : Pem.blocks(bytes)) {
        if (block.type().equals("CERTIFICATE") || block.type().equals("X509 CERTIFICATE")) {
          found.add(
              (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.der())));
        }
      }
    } catch (GeneralSecurityException | IllegalArgumentException malformed) {
      throw new Wrong(file, "has a certificate that cannot be read", "");
    }
    if (found.isEmpty()) {
      throw new Wrong(
          file, "has no certificate in it", "expected PEM: -----BEGIN CERTIFICATE-----");
    }
    return found;
  }

  /** All revocation lists of a PEM file: at least one. */
  static List<X509CRL> revoked(Files.Named file, byte[] bytes) throws Wrong {
    List<X509CRL> found = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Pem.Block block : Pem.blocks(bytes)) {
        if (block.type().equals("X509 CRL")) {
          found.add((X509CRL) factory.generateCRL(new ByteArrayInputStream(block.der())));
        }
      }
    } catch (GeneralSecurityException | IllegalArgumentException malformed) {
      throw new Wrong(file, "has a revocation list that cannot be read", "");
    }
    if (found.isEmpty()) {
      throw new Wrong(
          file, "has no revocation list in it", "expected PEM: -----BEGIN X509 CRL-----");
    }
    return found;
  }

  private static PrivateKey key(Files.Named file, byte[] bytes, char[] password) throws Wrong {
    try {
      List<Pem.Block> keys = Pem.blocks(bytes).stream().filter(PrivateKeys::isKey).toList();
      if (keys.isEmpty()) {
        throw new Wrong(
            file,
            "has no private key in it",
            "--keyfile names the file with -----BEGIN PRIVATE KEY-----");
      }
      if (keys.size() > 1) {
        throw new Wrong(
            file, "has more than one private key in it", "leave the one of the certificate");
      }
      return PrivateKeys.of(keys.getFirst(), password);
    } catch (Unreadable unreadable) {
      throw new Wrong(file, String.valueOf(unreadable.getMessage()), unreadable.hint());
    } catch (IllegalArgumentException malformed) {
      throw new Wrong(file, "is not PEM that can be read: " + malformed.getMessage(), "");
    }
  }

  private static Credentials pkcs12(Files.Named file, byte[] bytes, char[] password) throws Wrong {
    if (bytes.length == 0 || bytes[0] != DER_SEQUENCE) {
      throw new Wrong(file, "is neither PEM nor PKCS#12", "PEM begins with -----BEGIN");
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(bytes), password);
      List<String> keys = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)) {
          keys.add(alias);
        }
      }
      if (keys.size() != 1) {
        throw new Wrong(
            file, "has %d keys in it".formatted(keys.size()), "leave one, with its chain");
      }
      String alias = keys.getFirst();
      List<X509Certificate> chain = new ArrayList<>();
      for (Certificate certificate : store.getCertificateChain(alias)) {
        chain.add((X509Certificate) certificate);
      }
      Credentials credentials = new Credentials(chain, (PrivateKey) store.getKey(alias, password));
      credentials.requireMatch(file, file);
      return credentials;
    } catch (IOException e) {
      if (e.getCause() instanceof UnrecoverableKeyException) {
        throw new Wrong(file, "cannot be opened: the password is wrong", PrivateKeys.PASSWORD);
      }
      throw new Wrong(file, "is neither PEM nor PKCS#12", "PEM begins with -----BEGIN");
    } catch (GeneralSecurityException e) {
      throw new Wrong(file, "cannot be opened: " + e.getMessage(), PrivateKeys.PASSWORD);
    }
  }

  /** What the key signs, the certificate must verify. */
  private void requireMatch(Files.Named certificateFile, Files.Named keyFile) throws Wrong {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    boolean matches;
    try {
      byte[] text = {1, 2, 3};
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(text);
      byte[] signature = signing.sign();
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(own().getPublicKey());
      verifying.update(text);
      matches = verifying.verify(signature);
    } catch (GeneralSecurityException anotherAlgorithm) {
      matches = false;
    }
    if (!matches) {
      throw new Wrong(
          keyFile,
          "is not the key of the first certificate in " + certificateFile.path(),
          "the server's own certificate comes first, then those that vouch for it");
    }
  }
}
