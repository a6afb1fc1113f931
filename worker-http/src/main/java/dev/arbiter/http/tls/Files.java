package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/** The files of TLS, read once each time; knows afterwards whether anything has changed. */
final class Files {
  private static final String FILE = "file:";
  private static final String VARIABLE = "env:";

  /** Nobody's keys are larger; what is may be a device, or a mistake. */
  private static final long MOST = 16 << 20;

  private final MessageDigest seen;
  private final char[] password;

  /**
   * A file as the operator named it.
   *
   * @param setting the flag, for messages
   */
  record Named(String setting, String path) {}

  /**
   * @param password as the setting has it: a text, {@code file:PATH} or {@code env:NAME}
   * @param environment where {@code env:NAME} is looked up
   */
  Files(String password, Map<String, String> environment) throws Wrong {
    try {
      seen = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
    this.password = password(password, environment).toCharArray();
  }

  private String password(String text, Map<String, String> environment) throws Wrong {
    if (text.startsWith(FILE)) {
      byte[] bytes = read(new Named("--ssl-keyfile-password", text.substring(FILE.length())));
      return new String(bytes, UTF_8).lines().findFirst().orElse("");
    }
    if (text.startsWith(VARIABLE)) {
      String value = environment.get(text.substring(VARIABLE.length()));
      if (value == null) {
        throw new Wrong(
            "--ssl-keyfile-password " + text + ": the workers have no such variable",
            "see --env and --env-file");
      }
      return value;
    }
    return text;
  }

  /** The password of keys; empty if there is none. */
  char[] password() {
    return password;
  }

  /** Reads a whole file. Relative paths start at the current folder, which is {@code --chdir}. */
  byte[] read(Named file) throws Wrong {
    Path path = Path.of(file.path());
    try {
      if (java.nio.file.Files.size(path) > MOST) {
        throw new Wrong(file, "is too large for a key or certificate", "");
      }
      byte[] bytes = java.nio.file.Files.readAllBytes(path);
      seen.update(bytes);
      seen.update((byte) 0);
      return bytes;
    } catch (NoSuchFileException e) {
      throw new Wrong(file, "does not exist", "relative paths start at --chdir");
    } catch (AccessDeniedException e) {
      throw new Wrong(file, "may not be read by the workers' user", "see its permissions");
    } catch (IOException e) {
      throw new Wrong(file, "cannot be read: " + e.getMessage(), "");
    }
  }

  /** Stands for the content of all that was read. */
  String fingerprint() {
    try {
      return HexFormat.of().formatHex(((MessageDigest) seen.clone()).digest());
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
