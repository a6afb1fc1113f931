package dev.arbiter.compression;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.github.luben.zstd.util.Native;
import com.github.luben.zstd.util.ZstdVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Loads the libraries: from the folder {@code native} beside this class's jar, where an
 * installation has them; else from a temporary file that is gone at once. Their own loaders would
 * leave such files behind, with each process that is killed.
 */
final class NativeLibraries {
  private static final String BROTLI_PATH = "brotli4j.library.path";
  private static final String ARCHITECTURE = System.getProperty("os.arch", "");

  private static boolean brotli;

  private NativeLibraries() {}

  static synchronized void requireBrotli() {
    if (!brotli) {
      String system = "linux-" + (ARCHITECTURE.equals("amd64") ? "x86_64" : ARCHITECTURE);
      load("br", "lib/" + system + "/libbrotli.so", NativeLibraries::loadBrotli);
      brotli = true;
    }
  }

  /** The property is read once, by that class; an app's copy of it must not find ours. */
  private static void loadBrotli(String file) {
    String before = System.getProperty(BROTLI_PATH);
    System.setProperty(BROTLI_PATH, file);
    try {
      Brotli4jLoader.ensureAvailability();
    } finally {
      if (before == null) {
        System.clearProperty(BROTLI_PATH);
      } else {
        System.setProperty(BROTLI_PATH, before);
      }
    }
  }

  static synchronized void requireZstandard() {
    if (!Native.isLoaded()) {
      String name = "libzstd-jni-" + ZstdVersion.VERSION + ".so";
      load("zstd", "linux/" + ARCHITECTURE + "/" + name, NativeLibraries::loadZstandard);
    }
  }

  // Where native code may not be loaded the JVM says so.
  @SuppressWarnings("restricted")
  private static void loadZstandard(String file) {
    System.load(file);
    Native.assumeLoaded();
  }

  private static void load(String coding, String resource, Consumer<String> how) {
    try {
      Optional<Path> installed = besideTheJar(resource);
      if (installed.isPresent()) {
        how.accept(installed.get().toString());
      } else {
        loadCopy(resource, how);
      }
    } catch (IOException | LinkageError missing) {
      Throwable why = missing.getCause() == null ? missing : missing.getCause();
      throw new UnsupportedOperationException(
          "The content coding " + coding + " cannot be had here: " + why.getMessage(), missing);
    }
  }

  private static Optional<Path> besideTheJar(String resource) {
    CodeSource source = NativeLibraries.class.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return Optional.empty();
    }
    try {
      Path jar = Path.of(source.getLocation().toURI());
      return Optional.of(jar.resolveSibling("native").resolve(resource)).filter(Files::exists);
    } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException _) {
      return Optional.empty(); // a jar within a jar
    }
  }

  private static void loadCopy(String resource, Consumer<String> how) throws IOException {
    try (InputStream library =
        NativeLibraries.class.getClassLoader().getResourceAsStream(resource)) {
      if (library == null) {
        throw new IOException("there is no library " + resource + " among the jars");
      }
      Path copy = Files.createTempFile("arbiter-", ".so");
      try {
        // Into the file as it was made: no other may write to what is to be loaded.
        try (OutputStream to = Files.newOutputStream(copy)) {
          library.transferTo(to);
        }
        how.accept(copy.toString());
      } finally {
        Files.deleteIfExists(copy); // the process keeps what it has loaded
      }
    }
  }
}
