package dev.arbiter.http.tls;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Private keys in the forms that files have them in. */
final class PrivateKeys {
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");
  private static final byte[] VERSION = Der.element(Der.INTEGER, new byte[] {0});
  private static final byte[] NULL = {5, 0};

  /** rsaEncryption, RFC 8017 appendix A.1. */
  private static final byte[] RSA = Der.oid(1, 2, 840, 113549, 1, 1, 1);

  /** id-ecPublicKey, RFC 5480 section 2.1.1. */
  private static final byte[] EC = Der.oid(1, 2, 840, 10045, 2, 1);

  /** The tag of the curve in an ECPrivateKey, RFC 5915 section 3. */
  private static final int CURVE = 0xa0;

  private PrivateKeys() {}

  /** Whether a block holds a private key. */
  static boolean isKey(Pem.Block block) {
    return block.type().endsWith("PRIVATE KEY");
  }

  /**
   * Reads the key of a block.
   *
   * @param password empty if there is none
   * @throws Unreadable saying what is wrong, to go after the file's name
   */
  static PrivateKey of(Pem.Block block, char[] password) throws Unreadable {
    if (block.oldEncryption()) {
      throw new Unreadable(
          "is encrypted in OpenSSL's old way, which guards it badly",
          "convert it: openssl pkcs8 -topk8 -in KEY -out NEW");
    }
    try {
      return switch (block.type()) {
        case "PRIVATE KEY" -> key(block.der());
        case "RSA PRIVATE KEY" -> key(wrapped(Der.element(Der.SEQUENCE, RSA, NULL), block.der()));
        case "EC PRIVATE KEY" -> {
          byte[] curve = Der.inside(block.der(), CURVE);
          yield key(wrapped(Der.element(Der.SEQUENCE, EC, curve), block.der()));
        }
        case "ENCRYPTED PRIVATE KEY" -> decrypted(block.der(), password);
        default ->
            throw new Unreadable(
                "is a key of a kind that is not known here (%s)".formatted(block.type()),
                "RSA, EC and Ed25519 keys work, as PKCS#8: openssl pkcs8 -topk8 -in KEY -out NEW");
      };
    } catch (InvalidKeySpecException | IllegalArgumentException malformed) {
      throw new Unreadable("is not a private key that can be read", "");
    } catch (GeneralSecurityException unknown) {
      throw new Unreadable("cannot be read: " + unknown.getMessage(), "");
    }
  }

  /** PrivateKeyInfo, RFC 5958 section 2. */
  private static byte[] wrapped(byte[] algorithm, byte[] key) {
    return Der.element(Der.SEQUENCE, VERSION, algorithm, Der.element(Der.OCTET_STRING, key));
  }

  private static PrivateKey key(byte[] pkcs8) throws GeneralSecurityException {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (InvalidKeySpecException _) {
        // Perhaps it is of the next one.
      }
    }
    throw new InvalidKeySpecException("of no known algorithm");
  }

  private static PrivateKey decrypted(byte[] der, char[] password)
      throws GeneralSecurityException, Unreadable {
    if (password.length == 0) {
      throw new Unreadable(
          "is encrypted, and there is no password",
          "give it with --ssl-keyfile-password file:PATH");
    }
    EncryptedPrivateKeyInfo info;
    try {
      info = new EncryptedPrivateKeyInfo(der);
    } catch (IOException unknown) {
      // The JDK has no PBES2 with Triple DES, which "openssl req" takes if it is told nothing else.
      throw new Unreadable(
          "is encrypted in a way that is not known here, perhaps with Triple DES",
          "encrypt it with AES: openssl pkcs8 -topk8 -in KEY -out NEW");
    }
    AlgorithmParameters parameters = info.getAlgParameters();
    // The name of PBES2 alone does not tell the cipher; its parameters do, as a text.
    String name =
        parameters != null && info.getAlgName().equals("PBES2")
            ? parameters.toString()
            : info.getAlgName();
    SecretKey secret = SecretKeyFactory.getInstance(name).generateSecret(new PBEKeySpec(password));
    Cipher cipher = Cipher.getInstance(name);
    cipher.init(Cipher.DECRYPT_MODE, secret, parameters);
    try {
      KeySpec spec = info.getKeySpec(cipher);
      return key(((PKCS8EncodedKeySpec) spec).getEncoded());
    } catch (InvalidKeySpecException wrong) {
      throw new Unreadable("cannot be decrypted: the password is wrong", PASSWORD);
    }
  }

  /** What to do about a wrong password. */
  static final String PASSWORD = "--ssl-keyfile-password is the place for it";
}
