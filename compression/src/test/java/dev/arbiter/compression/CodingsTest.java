package dev.arbiter.compression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.github.luben.zstd.ZstdInputStream;
import dev.arbiter.app.middleware.Compression;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CodingsTest {
  private static final byte[] TEXT =
      "All that is said twice may be said once. ".repeat(1000).getBytes(UTF_8);

  private static final String TEMPORARY = System.getProperty("java.io.tmpdir") + "/";

  private static Compression.Coding coding(String name) {
    return Codings.available(CodingsTest::fail).stream()
        .filter(coding -> coding.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void fail(String missing) {
    throw new AssertionError(missing);
  }

  private static byte[] encoded(Compression.Coding coding, byte[] text) throws IOException {
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    try (OutputStream stream = coding.encode(encoded)) {
      stream.write(text);
    }
    return encoded.toByteArray();
  }

  private static InputStream decoding(String name, byte[] encoded) throws IOException {
    InputStream in = new ByteArrayInputStream(encoded);
    return name.equals("br") ? new BrotliInputStream(in) : new ZstdInputStream(in);
  }

  /** As a browser does it: with what has come until now. */
  private static int lengthDecoded(String name, byte[] begin) throws IOException {
    if (name.equals("zstd")) {
      try (InputStream decoded = decoding(name, begin)) {
        return decoded.readNBytes(3 * TEXT.length).length;
      }
    }
    DecoderJNI.Wrapper decoder = new DecoderJNI.Wrapper(begin.length);
    try {
      decoder.getInputBuffer().put(begin);
      decoder.push(begin.length);
      int length = 0;
      while (decoder.hasOutput()) {
        length += decoder.pull().remaining();
      }
      return length;
    } finally {
      decoder.destroy();
    }
  }

  @Test
  void allOfThemAreToBeHadHere() {
    assertThat(Codings.available(CodingsTest::fail).stream().map(Compression.Coding::name))
        .containsExactly("zstd", "br", "gzip");
  }

  @Test
  void librariesLeaveNoFilesBehind() throws IOException {
    assertThat(Codings.available(CodingsTest::fail)).hasSize(3);
    Set<String> loaded = new HashSet<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      if (line.matches(".*\\.so( \\(deleted\\))?") && line.contains(TEMPORARY)) {
        loaded.add(line.substring(line.indexOf(TEMPORARY)));
      }
    }
    assertThat(loaded).hasSize(2).allMatch(file -> file.endsWith(" (deleted)"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void whatIsEncodedIsDecodedAgain(String name) throws IOException {
    byte[] random = new byte[1_000_000];
    new Random(1).nextBytes(random);
    for (byte[] text : List.of(new byte[0], new byte[] {7}, TEXT, random)) {
      byte[] encoded = encoded(coding(name), text);
      try (InputStream decoded = decoding(name, encoded)) {
        assertThat(decoded.readAllBytes()).isEqualTo(text);
      }
    }
    assertThat(encoded(coding(name), TEXT)).hasSizeLessThan(TEXT.length / 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void whatIsFlushedCanBeDecoded(String name) throws IOException {
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    try (OutputStream stream = coding(name).encode(encoded)) {
      for (int i = 1; i <= 3; i++) {
        stream.write(TEXT);
        stream.flush();
        assertThat(lengthDecoded(name, encoded.toByteArray())).isEqualTo(i * TEXT.length);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void itsLengthIsNotTheSameEachTime(String name) throws IOException {
    Set<Integer> lengths = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      lengths.add(encoded(coding(name), TEXT).length);
    }
    assertThat(lengths).hasSizeGreaterThan(40).hasSizeLessThanOrEqualTo(64);
  }

  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void everyQualityMakesWhatCanBeDecoded(String name) throws IOException {
    List<Compression.Coding> codings = new ArrayList<>();
    for (int i = 1; i <= 11; i++) {
      codings.add(name.equals("br") ? Codings.brotli(i) : Codings.zstandard(i + 8));
    }
    for (Compression.Coding coding : codings) {
      byte[] encoded = encoded(coding, TEXT);
      try (InputStream decoded = decoding(name, encoded)) {
        assertThat(decoded.readAllBytes()).isEqualTo(TEXT);
      }
    }
  }

  /** What fails in the midst frees what it held, and may be closed again. */
  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void aBodyThatCannotBeWrittenFails(String name) throws IOException {
    Broken broken = new Broken();
    assertThatThrownBy(() -> coding(name).encode(broken)).isInstanceOf(IOException.class);

    broken.works = true;
    OutputStream stream = coding(name).encode(broken);
    stream.write(TEXT);
    broken.works = false;
    assertThatThrownBy(stream::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(stream::close).isInstanceOf(IOException.class);
    stream.close();
  }

  /** What is below gathers until it is told to send. */
  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "zstd"})
  void aFlushReachesWhatIsBelow(String name) throws IOException {
    Flushes below = new Flushes();
    try (OutputStream stream = coding(name).encode(below)) {
      stream.flush();
      assertThat(below.flushes).as("before the first byte").isEqualTo(1);
      stream.write(TEXT);
      stream.flush();
      assertThat(below.flushes).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "zstd"})
  void anInterruptedThreadEncodesAsOthersDo(String name) throws IOException {
    Thread.currentThread().interrupt();
    byte[] encoded = encoded(coding(name), TEXT);
    assertThat(Thread.interrupted()).as("is interrupted still").isTrue();
    if (!name.equals("gzip")) {
      try (InputStream decoded = decoding(name, encoded)) {
        assertThat(decoded.readAllBytes()).isEqualTo(TEXT);
      }
    }
  }

  /** An app may have a time-out that ends its answer while it sends: one request is to fail. */
  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void whoClosesWhileAnotherWritesEndsNothingElse(String name) throws Exception {
    for (int i = 0; i < 500; i++) {
      OutputStream stream = coding(name).encode(OutputStream.nullOutputStream());
      CountDownLatch written = new CountDownLatch(1);
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      while (true) {
                        stream.write(TEXT, 0, 1000);
                        stream.flush();
                        written.countDown();
                      }
                    } catch (IOException _) {
                      // As it is to end.
                    }
                  });
      written.await();
      stream.close();
      writer.join();
    }
  }

  /** An app may forget a response whose client has left. */
  @ParameterizedTest
  @ValueSource(strings = {"br", "zstd"})
  void whatNobodyClosesIsFreed(String name) throws Exception {
    long before = resident();
    for (int i = 0; i < 2000; i++) {
      OutputStream forgotten = coding(name).encode(OutputStream.nullOutputStream());
      forgotten.write(TEXT);
      forgotten.flush();
      if (i % 100 == 99) {
        System.gc();
      }
    }
    long limit = before + 500_000; // of a million
    while (resident() > limit) {
      System.gc();
    }
  }

  /** In kilobytes. */
  private static long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
  }

  @Test
  void levelsThatAreNoneAreRefused() {
    for (int wrong : new int[] {-1, 12}) {
      assertThatThrownBy(() -> Codings.brotli(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("0 to 11");
    }
    for (int wrong : new int[] {0, 20}) {
      assertThatThrownBy(() -> Codings.zstandard(wrong)).hasMessageContaining("1 to 19");
    }
  }

  private static final class Flushes extends ByteArrayOutputStream {
    int flushes;

    @Override
    public void flush() {
      flushes++;
    }
  }

  private static final class Broken extends OutputStream {
    boolean works;

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (!works) {
        throw new IOException("broken");
      }
    }
  }
}
