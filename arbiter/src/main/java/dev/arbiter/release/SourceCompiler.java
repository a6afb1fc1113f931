package dev.arbiter.release;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Compiles an app's source. */
@FunctionalInterface
public interface SourceCompiler {

  /** Makes the compiler of one generation. */
  @FunctionalInterface
  interface Factory {
    /**
     * @param jdk the JDK of the workers
     * @param api what an app is compiled against
     * @param output where the classes go; made when it is needed
     */
    SourceCompiler of(Path jdk, List<Path> api, Path output);
  }

  /**
   * Compiles a file, and what it needs from the source folder.
   *
   * @return the folder of the classes
   * @throws AppProblem it does not compile, with what the compiler printed
   */
  Path compile(Path source, Path sourceFolder, List<Path> classPath) throws AppProblem, IOException;
}
