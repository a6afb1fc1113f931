package dev.arbiter.control;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** One run of {@code arbiterctl}: finds the arbiter, asks, prints, and knows the exit code. */
public final class Errand {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int NOBODY = 3;

  /** For the next arbiter to be there: a JVM's start, on a machine that has much else to do. */
  private static final Duration RETURN = Duration.ofMinutes(1);

  private static final long RETRY_MILLIS = 50;

  private final List<Path> sockets;
  private final String name;
  private final boolean json;
  private final Duration timeout;
  private final PrintStream out;
  private final PrintStream err;

  /**
   * @param sockets where the arbiter may be, the likeliest first
   * @param name of the arbiter; empty where a socket was given
   */
  public Errand(
      List<Path> sockets,
      String name,
      boolean json,
      Duration timeout,
      PrintStream out,
      PrintStream err) {
    this.sockets = sockets;
    this.name = name;
    this.json = json;
    this.timeout = timeout;
    this.out = out;
    this.err = err;
  }

  /** Does it; returns the exit code. */
  public int run(String command, int number, boolean wait) {
    Path socket = sockets.stream().filter(Files::exists).findFirst().orElse(sockets.getFirst());
    boolean stop = command.startsWith("stop");
    long end = System.nanoTime() + timeout.toNanos();
    try (ControlClient client = new ControlClient(socket, timeout)) {
      client.send(new Request(Views.source(command), number, wait));
      Optional<Reply> reply = client.receive();
      if (reply.isEmpty()) {
        return ended(stop);
      }
      if (stop && wait && reply.get().outcome() == Reply.Outcome.ACCEPTED) {
        Optional<Reply> never = client.receive();
        return never.isEmpty() ? ended(true) : print(command, never.get());
      }
      return command.equals("upgrade") && wait && reply.get().outcome() == Reply.Outcome.ACCEPTED
          ? follow(client, socket, reply.get().text(), end)
          : print(command, reply.get());
    } catch (TimeoutException e) {
      err.printf(
          "arbiterctl: no answer within %d s; what was asked for may still be done%n",
          timeout.toSeconds());
      return FAILED;
    } catch (IOException e) {
      return nobody(socket, e);
    }
  }

  /**
   * The arbiter becomes another, which the end of the connection tells. Whoever is there then knows
   * the outcome.
   */
  private int follow(ControlClient client, Path socket, String text, long end)
      throws IOException, TimeoutException {
    if (!json) {
      out.println(text);
    }
    Optional<Reply> instead = client.receive();
    if (instead.isPresent()) {
      return print("upgrade", instead.get());
    }
    long patience = System.nanoTime() + RETURN.toNanos();
    while (true) {
      String why;
      try (ControlClient next = new ControlClient(socket, left(end))) {
        next.send(new Request(Request.UPGRADED, 0, true));
        Optional<Reply> outcome = next.receive();
        if (outcome.isPresent()) {
          return print("upgrade", outcome.get());
        }
        why = "it does not answer"; // perhaps the one before, whose sockets close one by one
      } catch (IOException notYet) {
        why = notYet.toString();
      }
      if (System.nanoTime() - patience > 0) {
        err.println(
            "arbiterctl: the arbiter was replaced, and the next one cannot be spoken to at %s: %s"
                .formatted(socket, why));
        err.println("hint: its log says what became of it, and where its control socket is");
        return FAILED;
      }
      pause();
    }
  }

  /** What is left of the timeout; zero, which is no limit, if there is none. */
  private Duration left(long end) throws TimeoutException {
    if (timeout.isZero()) {
      return Duration.ZERO;
    }
    Duration left = Duration.ofNanos(end - System.nanoTime());
    if (left.isNegative() || left.isZero()) {
      throw new TimeoutException("no answer in time");
    }
    return left;
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The connection has ended without a reply: what a stop waits for, and nothing else does. */
  private int ended(boolean stop) {
    if (stop) {
      if (json) {
        out.println(Json.writeIndented(result("done", "stopped")));
      }
      return DONE;
    }
    err.println("arbiterctl: the arbiter ended, or replaced itself, before it answered");
    return FAILED;
  }

  private int print(String command, Reply reply) {
    String outcome = reply.outcome().name().toLowerCase(Locale.ROOT);
    boolean good =
        reply.outcome() == Reply.Outcome.DONE || reply.outcome() == Reply.Outcome.ACCEPTED;
    if (json) {
      out.println(
          Json.writeIndented(
              Views.isView(command) && good
                  ? Views.part(command, reply.data())
                  : result(outcome, reply.text())));
    } else if (good) {
      out.print(
          Views.isView(command)
              ? Views.render(command, reply.data())
              : (reply.text().isEmpty() ? outcome : reply.text()) + "\n");
    }
    if (!good) {
      err.println("arbiterctl: " + command + " " + outcome + ": " + reply.text());
    }
    return good ? DONE : reply.outcome() == Reply.Outcome.DENIED ? NOBODY : FAILED;
  }

  private static Map<String, Object> result(String outcome, String text) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("outcome", outcome);
    result.put("text", text);
    return result;
  }

  private int nobody(Path socket, IOException why) {
    String reason = String.valueOf(why.getMessage()).toLowerCase(Locale.ROOT);
    if (why instanceof AccessDeniedException || reason.contains("permission denied")) {
      err.println("arbiterctl: this user may not speak to the arbiter at " + socket);
      err.println("hint: do it as the arbiter's own user, or as root");
    } else if (!Files.exists(socket)) {
      err.println(
          name.isEmpty()
              ? "arbiterctl: no arbiter is at " + socket
              : "arbiterctl: no arbiter called %s runs as this user (no %s)"
                  .formatted(
                      name, String.join(", no ", sockets.stream().map(Path::toString).toList())));
      err.println("hint: " + others());
    } else if (reason.contains("refused")) {
      err.println("arbiterctl: no arbiter is at %s any more".formatted(socket));
      err.println("hint: it was killed; its next start cleans up");
    } else {
      err.println("arbiterctl: the arbiter at %s cannot be spoken to: %s".formatted(socket, why));
    }
    return NOBODY;
  }

  /** What else could be meant. */
  private String others() {
    List<String> found = new ArrayList<>();
    for (Path socket : sockets) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(socket.resolveSibling(""))) {
        files.forEach(file -> SocketPath.name(file).ifPresent(found::add));
      } catch (IOException noSuchFolder) {
        // then nobody is there
      }
    }
    return found.isEmpty() || name.isEmpty()
        ? "is it running? its log says where its control socket is; name that with --socket"
        : "there is " + String.join(", ", found) + "; say which with --name";
  }
}
