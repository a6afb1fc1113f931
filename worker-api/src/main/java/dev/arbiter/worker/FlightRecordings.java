package dev.arbiter.worker;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;

/**
 * What the JVM's flight recorder would do in a shutdown hook, which a worker that halts does not
 * run: recordings that are to be written at the end are, and the recorder's own folder goes. Else
 * each worker would leave a megabyte in the temporary folder.
 */
final class FlightRecordings {
  private FlightRecordings() {}

  /** Ends them; not for longer than this, as what is left then is only a file. */
  static void end(Duration limit, java.util.function.Consumer<String> problem) {
    try {
      if (!FlightRecorder.isInitialized()) {
        return;
      }
    } catch (LinkageError withoutRecorder) { // a JDK may come without jdk.jfr
      return;
    }
    CompletableFuture<Void> ended = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("arbiter-recordings")
        .start(
            () -> {
              try {
                end();
                ended.complete(null);
              } catch (IOException | RuntimeException e) {
                ended.completeExceptionally(e);
              }
            });
    try {
      ended.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      problem.accept("flight recordings: " + e.getCause());
    } catch (TimeoutException e) {
      problem.accept("flight recordings are not written in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end() throws IOException {
    for (Recording recording : FlightRecorder.getFlightRecorder().getRecordings()) {
      if (recording.getDumpOnExit() && recording.getDestination() != null) {
        recording.dump(recording.getDestination());
      }
      recording.close();
    }
    String folder = System.getProperty("jdk.jfr.repository");
    if (folder != null && Files.isDirectory(Path.of(folder))) {
      delete(Path.of(folder));
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(
              Path visited, @org.jspecify.annotations.Nullable IOException e) throws IOException {
            if (e != null) {
              throw e;
            }
            Files.deleteIfExists(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
