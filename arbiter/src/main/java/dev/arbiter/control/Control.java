package dev.arbiter.control;

import dev.arbiter.loop.ArbiterLoop;
import dev.arbiter.observe.Identity;
import dev.arbiter.process.Kernel;
import dev.arbiter.settings.BindAddress;
import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.socket.BindFailure;
import dev.arbiter.socket.Listener;
import dev.arbiter.socket.Listeners;
import dev.arbiter.socket.OwnSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The arbiter's own two sockets, for {@code arbiterctl} and for probes: bound before the first
 * worker is started, because a mistake in their settings ends the start, and served by a {@link
 * Switchboard}, which is loaded after. Bound and closed on the main thread.
 */
public final class Control {
  private static final int STATUS_BACKLOG = 128;

  private final int mode;
  private final Consumer<String> warn;
  private final @Nullable Listener socket;
  private final @Nullable Listener status;
  private volatile @Nullable Switchboard serving;

  private Control(
      int mode, Consumer<String> warn, @Nullable Listener socket, @Nullable Listener status) {
    this.mode = mode;
    this.warn = warn;
    this.socket = socket;
    this.status = status;
  }

  /**
   * Binds what the settings ask for. Without {@code --control-socket} an arbiter does without one
   * where none can be had, and says so.
   */
  public static Control bind(
      Config config,
      Map<String, String> environment,
      Consumer<String> inform,
      Consumer<String> warn)
      throws BindFailure, SettingsException {
    int mode = Integer.parseInt(config.text("control-socket-mode"), 8);
    Listener socket = null;
    if (!config.flag("no-control-socket")) {
      socket =
          config.has("control-socket")
              ? explicit(config, mode)
              : usual(config.text("name"), mode, environment, warn);
    }
    Listener status = null;
    try {
      if (config.has("status-bind")) {
        status =
            Listeners.own(
                BindAddress.parse(config.text("status-bind")),
                STATUS_BACKLOG,
                config.text("uds-permissions"),
                config.directory(),
                warn);
        Kernel.nonBlocking(status.fd(), true);
        inform.accept("Status at: " + status.name());
      }
      if (socket != null) {
        inform.accept("Control socket at: " + path(socket));
      }
      return new Control(mode, warn, socket, status);
    } catch (BindFailure | IOException e) {
      new Control(mode, warn, socket, status).close();
      if (e instanceof BindFailure failure) {
        throw failure;
      }
      throw new IllegalStateException(e); // fcntl on a socket that has just been bound
    }
  }

  private static Listener explicit(Config config, int mode) throws BindFailure, SettingsException {
    Path path = config.path("control-socket");
    if (SocketPath.isTooLong(path)) {
      throw new SettingsException(
          "%s: expected a path of at most %d bytes, the most a Unix socket's address holds"
              .formatted(config.said("control-socket"), SocketPath.LONGEST),
          "give a shorter one");
    }
    return OwnSocket.bind(path, mode);
  }

  private static @Nullable Listener usual(
      String name, int mode, Map<String, String> environment, Consumer<String> warn) {
    long user = Kernel.effectiveUser();
    Optional<Path> path = SocketPath.of(name, user == 0, environment);
    try {
      if (path.isEmpty()) {
        warn.accept(without("XDG_RUNTIME_DIR is not set, and only root's has another usual place"));
        return null;
      }
      if (SocketPath.isTooLong(path.get())) {
        warn.accept(without("the path %s is too long for one".formatted(path.get())));
        return null;
      }
      prepare(path.get().resolveSibling(""), user);
      return OwnSocket.bind(path.get(), mode);
    } catch (BindFailure e) {
      warn.accept(without(e.getMessage() + "; give each arbiter of this user a --name of its own"));
    } catch (IOException e) {
      warn.accept(without(String.valueOf(e)));
    }
    return null;
  }

  private static String without(String why) {
    return "arbiterctl will not reach this arbiter: %s (or give it a --control-socket, or --no-control-socket)"
        .formatted(why);
  }

  /** Makes the folder; one that others can write to could hold a socket that is not ours. */
  private static void prepare(Path folder, long user) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    Set<PosixFilePermission> others =
        EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
    others.retainAll(Files.getPosixFilePermissions(folder));
    long owner = (int) Files.getAttribute(folder, "unix:uid");
    if (owner != user && owner != 0 || !others.isEmpty()) {
      throw new IOException("the folder %s is not this user's alone".formatted(folder));
    }
  }

  /**
   * Serves, from a thread of its own, from when the loop has started its first workers. Before the
   * loop runs.
   *
   * @param incidents lists what is kept; may take its time
   */
  public void serve(ArbiterLoop loop, Identity arbiter, Supplier<List<?>> incidents) {
    if (socket != null || status != null) {
      loop.look(
          _ ->
              Thread.ofPlatform()
                  .daemon()
                  .name("arbiter-control-start")
                  .start(() -> begin(loop, arbiter, incidents)));
    }
  }

  private void begin(ArbiterLoop loop, Identity arbiter, Supplier<List<?>> incidents) {
    try {
      Switchboard switchboard = new Switchboard(warn);
      if (socket != null) {
        switchboard.listen(
            socket.fd(),
            new ControlService(loop, arbiter, Admission.of(path(socket), mode), incidents));
      }
      if (status != null) {
        switchboard.listen(status.fd(), new StatusService(loop, arbiter));
      }
      switchboard.start();
      serving = switchboard;
    } catch (IOException | RuntimeException e) {
      warn.accept("Neither arbiterctl nor status can be served: " + e);
    }
  }

  /** Waits until what was answered is on its way: before the arbiter becomes another. */
  public void flush(long millis) {
    Switchboard switchboard = serving;
    if (switchboard != null) {
      switchboard.flush(millis);
    }
  }

  /** Its sockets, for the next arbiter in this process, which binds its own and removes these. */
  public List<Listener> sockets() {
    return Stream.of(socket, status).flatMap(Stream::ofNullable).toList();
  }

  /** Removes the files of its sockets, where they are still its own. */
  public void close() {
    for (Listener listener : new Listener[] {socket, status}) {
      try {
        if (listener != null) {
          listener.close();
        }
      } catch (IOException e) {
        warn.accept("Cannot remove %s: %s".formatted(listener.name(), e));
      }
    }
  }

  private static Path path(Listener socket) {
    return Path.of(socket.name().substring("unix:".length()));
  }
}
