package dev.arbiter.compression;

import com.aayushatharva.brotli4j.encoder.Encoder;
import dev.arbiter.app.middleware.Compression;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Content codings that are native code: Brotli ({@code br}, RFC 7932) and Zstandard ({@code zstd},
 * RFC 8878 and 9659). Any thread.
 *
 * <p>Each body begins with up to 64 bytes that every decoder skips, as a gzip body of {@link
 * Compression} does: see there what for. What a stream holds until it is closed is not the heap's:
 * some 600 KB with Brotli, 450 KB with Zstandard (gzip: 150), and several times that at the highest
 * levels.
 *
 * <p>The libraries are loaded with the first coding that is made. There are some for Linux with
 * glibc, for x86-64 and aarch64.
 */
public final class Codings {

  /** Takes half the time of gzip at its usual level, and makes it about as long. */
  private static final int QUALITY = 4;

  /** Takes a sixth of the time of gzip at its usual level, and makes it about as long. */
  private static final int LEVEL = 3;

  private static final int GZIP_LEVEL = 6;

  /**
   * How far back repetitions are looked for, as a power of two: a page, or some hundred events. The
   * libraries' own 4 and 2 MB would be held by each stream that is open.
   */
  private static final int WINDOW = 17;

  private record Brotli(int quality) implements Compression.Coding {
    @Override
    public String name() {
      return "br";
    }

    @Override
    public OutputStream encode(OutputStream out) throws IOException {
      Encoder.Parameters parameters = Encoder.Parameters.create(quality, WINDOW);
      return new NativeStream(out, below -> new BrotliStream(below, parameters));
    }
  }

  private record Zstandard(int level) implements Compression.Coding {
    @Override
    public String name() {
      return "zstd";
    }

    @Override
    public OutputStream encode(OutputStream out) throws IOException {
      return new NativeStream(out, below -> new ZstandardStream(below, level, WINDOW));
    }
  }

  private Codings() {}

  /**
   * {@return the Brotli coding}
   *
   * @param quality from 0, the fastest, to 11, the smallest, which takes a hundred times as long; 4
   *     suits what is made while somebody waits for it
   * @throws IllegalArgumentException it is none of these
   * @throws UnsupportedOperationException its library cannot be loaded here; says why
   */
  public static Compression.Coding brotli(int quality) {
    require("quality", quality, 0, 11);
    NativeLibraries.requireBrotli();
    return new Brotli(quality);
  }

  /**
   * {@return the Zstandard coding}
   *
   * @param level from 1, the fastest, to 19, the smallest; 3 suits what is made while somebody
   *     waits for it
   * @throws IllegalArgumentException it is none of these
   * @throws UnsupportedOperationException its library cannot be loaded here; says why
   */
  public static Compression.Coding zstandard(int level) {
    require("level", level, 1, 19);
    NativeLibraries.requireZstandard();
    return new Zstandard(level);
  }

  private static void require(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "A " + what + " is " + least + " to " + most + ": " + value);
    }
  }

  /**
   * {@return what this machine has, at levels that suit what is made while somebody waits for it:
   * {@code zstd}, {@code br} and {@code gzip}, in this order} Of what a client likes the same,
   * Zstandard costs the least time.
   *
   * @param missing is told what cannot be had, and why; a sentence each
   */
  public static List<Compression.Coding> available(Consumer<String> missing) {
    List<Compression.Coding> codings = new ArrayList<>();
    addIfPossible(codings, Codings::zstandard, LEVEL, missing);
    addIfPossible(codings, Codings::brotli, QUALITY, missing);
    codings.add(Compression.gzip(GZIP_LEVEL));
    return codings;
  }

  private static void addIfPossible(
      List<Compression.Coding> codings,
      IntFunction<Compression.Coding> coding,
      int level,
      Consumer<String> missing) {
    try {
      codings.add(coding.apply(level));
    } catch (UnsupportedOperationException unsupported) {
      missing.accept(unsupported.getMessage());
    }
  }
}
