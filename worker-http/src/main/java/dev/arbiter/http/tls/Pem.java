package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The blocks of a PEM file (RFC 7468); what stands between them is explanatory text. */
final class Pem {
  private static final String BEGIN = "-----BEGIN ";
  private static final String DASHES = "-----";

  /** One block. */
  static final class Block {
    private final String type;
    private final byte[] der;
    private final boolean oldEncryption;

    Block(String type, byte[] der, boolean oldEncryption) {
      this.type = type;
      this.der = der;
      this.oldEncryption = oldEncryption;
    }

    /** Such as {@code CERTIFICATE}. */
    String type() {
      return type;
    }

    /** Its bytes. */
    byte[] der() {
      return der.clone();
    }

    /** Whether they are encrypted in the way of RFC 1421, with headers; then they are left out. */
    boolean oldEncryption() {
      return oldEncryption;
    }
  }

  private Pem() {}

  /** Whether the file claims to be PEM. */
  static boolean is(byte[] file) {
    return new String(file, ISO_8859_1).contains(BEGIN);
  }

  /**
   * All blocks, in order.
   *
   * @throws IllegalArgumentException one has no end, or is not Base64
   */
  static List<Block> blocks(byte[] file) {
    List<Block> blocks = new ArrayList<>();
    String type = "";
    StringBuilder base64 = new StringBuilder();
    boolean encrypted = false;
    for (String line : new String(file, ISO_8859_1).lines().map(String::strip).toList()) {
      if (type.isEmpty()) {
        if (line.startsWith(BEGIN) && line.endsWith(DASHES)) {
          type = line.substring(BEGIN.length(), line.length() - DASHES.length());
          base64.setLength(0);
          encrypted = false;
        }
      } else if (line.equals("-----END " + type + DASHES)) {
        byte[] der = encrypted ? new byte[0] : Base64.getDecoder().decode(base64.toString());
        blocks.add(new Block(type, der, encrypted));
        type = "";
      } else if (line.contains(":")) {
        encrypted |= line.startsWith("Proc-Type:") && line.endsWith("ENCRYPTED");
      } else {
        base64.append(line);
      }
    }
    if (!type.isEmpty()) {
      throw new IllegalArgumentException("the block " + type + " has no end");
    }
    return blocks;
  }
}
