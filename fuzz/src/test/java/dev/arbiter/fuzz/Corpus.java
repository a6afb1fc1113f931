package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.http.StrictCase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

/**
 * The inputs that are kept for each target: what once failed, and what reaches another part of the
 * code than all others. One file for each target, one input for each line, with escapes.
 *
 * <p>A fuzzer wants a folder of files: {@code unpack TARGET FOLDER} makes one, and {@code pack
 * TARGET FOLDER FILE} makes a line of each file that a fuzzer has added to it.
 */
public final class Corpus {
  /** Of inputs that are longer, shorter ones say the same. */
  private static final int LONGEST = 1024;

  /** How the names of files begin that are not a fuzzer's. */
  private static final String KEPT = "kept-";

  private Corpus() {}

  /** The inputs of a target. */
  static List<byte[]> of(Target target) {
    String name = target.word() + ".txt";
    try (InputStream file = Corpus.class.getResourceAsStream(name)) {
      return file == null
          ? List.of()
          : new String(file.readAllBytes(), US_ASCII).lines().map(Corpus::unescape).toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Run by tests/fuzz. */
  public static void main(String[] arguments) throws IOException {
    Target target = Target.of(arguments[1]);
    Path folder = Path.of(arguments[2]);
    switch (arguments[0]) {
      case "unpack" -> unpack(target, folder);
      case "pack" -> pack(folder, Path.of(arguments[3]));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void unpack(Target target, Path folder) throws IOException {
    List<byte[]> inputs = new ArrayList<>(of(target));
    if (target == Target.HTTP1) {
      StrictCase.all().forEach(one -> inputs.add(one.bytes()));
    }
    int number = 0;
    for (byte[] input : inputs) {
      if (input.length <= LONGEST) {
        Files.write(folder.resolve(KEPT + number++), input);
      }
    }
  }

  private static void pack(Path folder, Path file) throws IOException {
    // What once failed stays, even if by now another input reaches the same code.
    TreeSet<String> lines = new TreeSet<>(Files.readAllLines(file, US_ASCII));
    try (DirectoryStream<Path> inputs = Files.newDirectoryStream(folder)) {
      for (Path input : inputs) {
        boolean added = !input.getFileName().toString().startsWith(KEPT);
        if (added && Files.size(input) <= LONGEST) {
          lines.add(escape(Files.readAllBytes(input)));
        }
      }
    }
    Files.write(file, lines, US_ASCII);
  }

  private static String escape(byte[] input) {
    StringBuilder line = new StringBuilder();
    for (byte b : input) {
      switch (b) {
        case '\r' -> line.append("\\r");
        case '\n' -> line.append("\\n");
        case '\\' -> line.append("\\\\");
        default -> {
          if (b >= ' ' && b < 0x7f) {
            line.append((char) b);
          } else {
            line.append("\\x").append(HexFormat.of().toHexDigits(b));
          }
        }
      }
    }
    return line.toString();
  }

  private static byte[] unescape(String line) {
    ByteArrayOutputStream input = new ByteArrayOutputStream();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      char kind = c == '\\' ? line.charAt(++i) : 0;
      switch (kind) {
        case 0 -> input.write(c);
        case 'r' -> input.write('\r');
        case 'n' -> input.write('\n');
        case '\\' -> input.write('\\');
        default -> {
          input.write(HexFormat.fromHexDigits(line, i + 1, i + 3));
          i += 2;
        }
      }
    }
    return input.toByteArray();
  }
}
