package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads one output stream of a process into its {@link Journal}, on a thread of its own, until it
 * ends. It can be paused, so that the pipe fills up as it does behind a stuck log collector.
 */
final class Pump implements Runnable {
  private final InputStream in;
  private final Journal.Source source;
  private final Journal journal;
  private boolean paused;

  private Pump(InputStream in, Journal.Source source, Journal journal) {
    this.in = in;
    this.source = source;
    this.journal = journal;
  }

  static Pump start(InputStream in, Journal.Source source, Journal journal) {
    Pump pump = new Pump(in, source, journal);
    Thread.ofPlatform().daemon().name("pump-" + source).start(pump);
    return pump;
  }

  /** Stops reading; one read that is under way may still complete. */
  synchronized void pause() {
    paused = true;
  }

  synchronized void resume() {
    paused = false;
    notifyAll();
  }

  private synchronized void pass() throws InterruptedException {
    while (paused) {
      wait();
    }
  }

  @Override
  public void run() {
    byte[] buffer = new byte[8192];
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (in) {
      int count;
      while ((count = in.read(buffer)) >= 0) {
        for (int i = 0; i < count; i++) {
          if (buffer[i] == '\n') {
            journal.add(source, line.toString(UTF_8));
            line.reset();
          } else {
            line.write(buffer[i]);
          }
        }
        pass();
      }
    } catch (IOException e) {
      journal.add(source, "(the test can read no further: " + e + ")");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (line.size() > 0) {
        journal.add(source, line.toString(UTF_8));
      }
      journal.ended();
    }
  }
}
