package dev.arbiter.develop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The compiler's process in development: started once and kept, so that javac is warm when a file
 * is saved, and knows what it has compiled before. Reads one order after another from its standard
 * input, and ends with it. Its class path is the arbiter's own jar alone.
 */
public final class CompilerServer {
  private CompilerServer() {}

  /**
   * What is to be compiled.
   *
   * @param source the file of the app's class
   * @param folder where the sources it needs are
   * @param classPath of the app and what it is written against
   * @param work a folder of the server's own, kept from one order to the next
   * @param output where all classes go; made by the server
   */
  public record Order(Path source, Path folder, List<Path> classPath, Path work, Path output) {

    /** Writes it to the server. */
    public void write(OutputStream to) throws IOException {
      DataOutputStream out = new DataOutputStream(new BufferedOutputStream(to));
      for (String text :
          List.of(
              source.toString(),
              folder.toString(),
              String.join(File.pathSeparator, classPath.stream().map(Path::toString).toList()),
              work.toString(),
              output.toString())) {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
      }
      out.flush();
    }

    private static Order read(DataInputStream in, String source) throws IOException {
      Path folder = Path.of(text(in));
      List<Path> classPath =
          Stream.of(text(in).split(File.pathSeparator))
              .filter(p -> !p.isEmpty())
              .map(Path::of)
              .toList();
      return new Order(Path.of(source), folder, classPath, Path.of(text(in)), Path.of(text(in)));
    }
  }

  /**
   * What came of it.
   *
   * @param printed by the compiler, as it prints it
   * @param compiled how many files
   */
  public record Outcome(boolean fine, String printed, int compiled) {

    private void write(DataOutputStream out) throws IOException {
      byte[] bytes = printed.getBytes(UTF_8);
      out.writeBoolean(fine);
      out.writeInt(compiled);
      out.writeInt(bytes.length);
      out.write(bytes);
      out.flush();
    }

    /**
     * Reads it from the server.
     *
     * @throws EOFException the server has ended
     */
    public static Outcome read(InputStream from) throws IOException {
      DataInputStream in = new DataInputStream(from);
      boolean fine = in.readBoolean();
      int compiled = in.readInt();
      return new Outcome(fine, text(in), compiled);
    }
  }

  private static String text(DataInputStream in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return new String(bytes, UTF_8);
  }

  /** Serves until its input ends. */
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
    System.setOut(System.err); // what an annotation processor prints is no answer
    SourceTree tree = new SourceTree();
    while (true) {
      String source;
      try {
        source = text(in);
      } catch (EOFException end) {
        return;
      }
      Outcome outcome;
      Order order = Order.read(in, source);
      try {
        outcome = tree.compile(order);
      } catch (IOException | RuntimeException e) {
        tree = new SourceTree(); // what it knows may be half of the truth
        outcome = new Outcome(false, "The compiler failed: " + e, 0);
      }
      outcome.write(out);
    }
  }
}
