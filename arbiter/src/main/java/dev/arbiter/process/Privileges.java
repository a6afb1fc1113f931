package dev.arbiter.process;

import dev.arbiter.settings.Config;
import dev.arbiter.settings.SettingsException;
import dev.arbiter.worker.Abi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import jnr.posix.Group;
import jnr.posix.POSIX;
import jnr.posix.Passwd;

/**
 * As whom workers run, and how: {@code --user}, {@code --group}, {@code --initgroups}, {@code
 * --umask} and {@code --worker-priority}, with all names looked up.
 *
 * <p>Design note. posix_spawn cannot change any of these, and the arbiter must not: they belong to
 * the process, and it stays root. A JVM that changes its own user once it runs has loaded its
 * libraries and opened its files as another. So the worker's command begins with the system's own
 * tools (nice, setpriv, sh for the umask), each of which executes the next: the pid, the
 * descriptors and the signal mask go through, and the JVM begins as the user it is to be. What the
 * app's environment says to the dynamic loader is said only after setpriv, and sh, which takes
 * functions from the environment where it is bash, comes after it too: until then the programs run
 * as root, and the app's user may be able to write what those variables name.
 *
 * @param identity empty if workers run as the arbiter does
 * @param umask octal; empty for the arbiter's own
 * @param niceness what is added to the arbiter's own; empty if nothing is
 */
public record Privileges(
    Optional<Identity> identity, Optional<String> umask, OptionalInt niceness) {

  /** Workers are what the arbiter is. */
  public static final Privileges SAME =
      new Privileges(Optional.empty(), Optional.empty(), OptionalInt.empty());

  /**
   * Another user.
   *
   * @param name the user's; empty if it has none, or only the group is another
   * @param home where the user is at home; empty as the name is
   * @param allGroups whether it keeps the groups the system knows it in; else it has none but one
   */
  public record Identity(long uid, long gid, String name, String home, boolean allGroups) {}

  private static final long CAPABILITIES =
      1L << Abi.CAP_KILL | 1L << Abi.CAP_SETGID | 1L << Abi.CAP_SETUID;

  private static final List<String> FOLDERS = List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin");

  /**
   * What the settings ask for.
   *
   * @throws SettingsException there is no such user or group, or this process may not become it
   */
  public static Privileges of(Config config) throws SettingsException {
    Optional<Identity> identity = identity(config);
    if (identity.isPresent()) {
      tool("setpriv", "--user and --group");
      tool("env", "--user and --group");
      mayChange(config);
    }
    return new Privileges(
        identity,
        config.has("umask") ? Optional.of(config.text("umask")) : Optional.empty(),
        niceness(config));
  }

  private static Optional<Identity> identity(Config config) throws SettingsException {
    if (!config.has("user") && !config.has("group")) {
      if (config.flag("initgroups")) {
        throw new SettingsException(
            config.source("initgroups").named() + " says nothing without user",
            "give the user whose groups are meant");
      }
      return Optional.empty();
    }
    POSIX posix = PosixOs.load();
    long ownUser = Kernel.effectiveUser();
    long ownGroup = Integer.toUnsignedLong(posix.getegid());
    Passwd user = config.has("user") ? user(posix, config) : null;
    long uid = ownUser;
    if (config.has("user")) {
      uid = user != null ? user.getUID() : number(config, "user");
    }
    long gid;
    if (config.has("group")) {
      gid = group(posix, config);
    } else if (user != null) {
      gid = user.getGID();
    } else {
      throw new SettingsException(
          config.said("user") + ": this system knows no such user, and so no group of it",
          "give --group as well");
    }
    if (config.flag("initgroups") && user == null) {
      throw new SettingsException(
          "%s: this system knows no user %s, and so no groups of it"
              .formatted(config.source("initgroups").named(), config.text("user")),
          "give a --user that it knows, or leave --initgroups out");
    }
    boolean same = uid == ownUser && gid == ownGroup;
    if (ownUser != 0) {
      if (same) {
        return Optional.empty(); // as under a supervisor that has seen to it already
      }
      throw new SettingsException(
          "%s: only root may start workers as another user or group; this arbiter runs as user %d, group %d"
              .formatted(asked(config), ownUser, ownGroup),
          "start the arbiter as root, or as the user itself without this setting");
    }
    return Optional.of(
        new Identity(
            uid,
            gid,
            user == null ? "" : user.getLoginName(),
            user == null ? "" : user.getHome(),
            config.flag("initgroups")));
  }

  /** A root without them, as in some containers, could neither start such workers nor end them. */
  private static void mayChange(Config config) throws SettingsException {
    String effective;
    try {
      effective =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("CapEff:"))
              .map(line -> line.substring("CapEff:".length()).strip())
              .findFirst()
              .orElse("");
    } catch (IOException e) {
      throw new SettingsException(
          asked(config) + ": this process cannot see its own capabilities: " + e,
          "mount /proc, or start the arbiter as the user itself without this setting");
    }
    if ((Long.parseUnsignedLong(effective, 16) & CAPABILITIES) != CAPABILITIES) {
      throw new SettingsException(
          "%s: this root may not start workers as others, or not signal them (capabilities %s)"
              .formatted(asked(config), effective),
          "give it CAP_SETUID, CAP_SETGID and CAP_KILL");
    }
  }

  private static String asked(Config config) {
    return config.said(config.has("user") ? "user" : "group");
  }

  private static @org.jspecify.annotations.Nullable Passwd user(POSIX posix, Config config)
      throws SettingsException {
    Passwd named = posix.getpwnam(config.text("user"));
    return named != null ? named : posix.getpwuid((int) number(config, "user"));
  }

  private static long group(POSIX posix, Config config) throws SettingsException {
    Group named = posix.getgrnam(config.text("group"));
    return named != null ? named.getGID() : number(config, "group");
  }

  /** A number need not be known to the system: containers often use one. */
  private static long number(Config config, String what) throws SettingsException {
    String text = config.text(what);
    if (!text.matches("[0-9]{1,10}") || Long.parseLong(text) > 0xffff_fffeL) {
      throw new SettingsException(
          "%s: there is no such %s".formatted(config.said(what), what),
          "give a name or number that getent %s knows"
              .formatted(what.equals("user") ? "passwd" : "group"));
    }
    return Long.parseLong(text);
  }

  private static OptionalInt niceness(Config config) throws SettingsException {
    if (!config.has("worker-priority")) {
      return OptionalInt.empty();
    }
    // nice(1) adds; what is asked for is the value itself.
    int own = PosixOs.load().getpriority(Abi.PRIO_PROCESS, 0);
    int more = (int) config.number("worker-priority") - own;
    if (more < 0 && Kernel.effectiveUser() != 0) {
      // nice(1) would say so in each worker, and go on without.
      throw new SettingsException(
          "%s: only root may go below its own nice value, which is %d"
              .formatted(config.said("worker-priority"), own),
          "start the arbiter as root, or give a higher value");
    }
    if (more != 0) {
      tool("nice", "--worker-priority");
    }
    return more == 0 ? OptionalInt.empty() : OptionalInt.of(more);
  }

  /** By its path: what is looked up as root should not depend on a variable. */
  private static String tool(String name, String setting) throws SettingsException {
    return find(name)
        .orElseThrow(
            () ->
                new SettingsException(
                    "%s needs the program %s, which is in none of %s"
                        .formatted(setting, name, FOLDERS),
                    "install util-linux and coreutils"));
  }

  private static Optional<String> find(String name) {
    return FOLDERS.stream()
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /**
   * The command, run as this says.
   *
   * @param environment the command's; what must not be there before the user has changed is taken
   *     out, and given to the command by its own arguments
   */
  public List<String> wrap(List<String> command, Map<String, String> environment) {
    List<String> whole = new ArrayList<>();
    if (niceness.isPresent()) {
      whole.add(find("nice").orElse("nice"));
      whole.addAll(List.of("-n", Integer.toString(niceness.getAsInt())));
    }
    if (identity.isPresent()) {
      Identity other = identity.get();
      whole.add(find("setpriv").orElse("setpriv"));
      whole.add("--reuid=" + other.uid());
      whole.add("--regid=" + other.gid());
      whole.add(other.allGroups() ? "--init-groups" : "--clear-groups");
      if (other.uid() != 0) {
        whole.add("--inh-caps=-all"); // the others the kernel drops with the user
      }
      whole.add("--");
      List<String> late =
          environment.keySet().stream().filter(Privileges::isForLoaders).sorted().toList();
      if (!late.isEmpty()) {
        whole.add(find("env").orElse("env"));
        late.forEach(name -> whole.add(name + "=" + environment.remove(name)));
      }
    }
    if (umask.isPresent()) {
      whole.addAll(List.of("/bin/sh", "-c", "umask \"$1\" && shift && exec \"$@\"", "sh"));
      whole.add(umask.get());
    }
    whole.addAll(command);
    return List.copyOf(whole);
  }

  /** What the loader and the C library read, ld.so(8); a program that is not setuid obeys it. */
  private static boolean isForLoaders(String variable) {
    return variable.startsWith("LD_")
        || variable.equals("GLIBC_TUNABLES")
        || variable.equals("GCONV_PATH");
  }

  /** Puts the user's own in the place of what a login as the arbiter's user has set. */
  public void adapt(Map<String, String> environment) {
    if (identity.isEmpty()) {
      return;
    }
    environment.remove("XDG_RUNTIME_DIR"); // may be entered by its user alone
    if (!identity.get().name().isEmpty()) {
      environment.put("USER", identity.get().name());
      environment.put("LOGNAME", identity.get().name());
      environment.put("HOME", identity.get().home());
    }
  }
}
