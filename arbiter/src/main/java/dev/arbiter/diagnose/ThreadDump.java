package dev.arbiter.diagnose;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What every thread was doing at one moment: read from a worker's own list, which has virtual
 * threads, or from what HotSpot prints on QUIT, which has only those that are mounted.
 */
final class ThreadDump {
  /** {@code #22 "loop-1" virtual BLOCKED 2026-...}. */
  private static final Pattern OWN_HEAD =
      Pattern.compile("^#(\\d+) \"(.*)\"( virtual)? ([A-Z_]+) \\d{4}-.*");

  /** {@code "loop-1" #22 [4711] daemon prio=5 ...}; threads of the VM itself have no number. */
  private static final Pattern HOTSPOT_HEAD =
      Pattern.compile("^\"(.*)\" #(\\d+)(?: \\[\\d+\\])? .*");

  private static final Pattern HOTSPOT_STATE =
      Pattern.compile("^\\s+java\\.lang\\.Thread\\.State: ([A-Z_]+).*");
  private static final Pattern MOUNTED = Pattern.compile("^\\s+Mounted virtual thread #(\\d+).*");
  private static final Pattern LOCK =
      Pattern.compile("^\\s+- (locked|waiting to lock|waiting on)\\s+<([^>]+)>.*");
  private static final Pattern HELD_BY = Pattern.compile("^\\s+which is held by \"(.*)\"");
  private static final Pattern WAITS = Pattern.compile("^\"(.*)\":$");

  /** A thread. */
  static final class Entry {
    final long id;
    final String name;
    final boolean virtual;
    String state;
    final List<Frame> frames = new ArrayList<>();
    final List<String> locked = new ArrayList<>();
    final List<String> released = new ArrayList<>();
    @Nullable String waitsFor;

    Entry(long id, String name, boolean virtual, String state) {
      this.id = id;
      this.name = name;
      this.virtual = virtual;
      this.state = state;
    }

    boolean running() {
      return state.equals("RUNNABLE");
    }

    /** With its number where the name does not tell it from others. */
    String title() {
      String kind = virtual ? "virtual thread " : "thread ";
      return kind + (name.isEmpty() ? "#" + id : "\"" + name + "\"" + (virtual ? " #" + id : ""));
    }

    List<String> stack() {
      return frames.stream().map(frame -> "at " + frame.shown()).toList();
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private final Map<Long, Entry> byId = new HashMap<>();
  private final List<String> hotspotDeadlock = new ArrayList<>();

  private ThreadDump() {}

  static ThreadDump parse(String text) {
    ThreadDump dump = new ThreadDump();
    @Nullable Entry current = null;
    boolean reporting = false;
    String waiting = "";
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("Found one Java-level deadlock")) {
        reporting = true;
        current = null;
      } else if (line.startsWith("Java stack information for the threads listed")) {
        break; // the same stacks again
      }
      if (reporting) {
        Matcher waits = WAITS.matcher(line);
        Matcher held = HELD_BY.matcher(line);
        if (waits.matches()) {
          waiting = waits.group(1);
        } else if (held.matches()) {
          dump.hotspotDeadlock.add(
              "\"%s\" waits for a lock that \"%s\" holds".formatted(waiting, held.group(1)));
        }
        continue;
      }
      @Nullable Entry begun = head(line);
      if (begun != null) {
        current = begun;
        dump.entries.add(begun);
        dump.byId.put(begun.id, begun);
      } else if (line.isBlank()) {
        current = null;
      } else if (current != null) {
        body(line, current);
      }
    }
    return dump;
  }

  private static @Nullable Entry head(String line) {
    Matcher own = OWN_HEAD.matcher(line);
    if (own.matches()) {
      return new Entry(
          Long.parseLong(own.group(1)), own.group(2), own.group(3) != null, own.group(4));
    }
    Matcher hotspot = HOTSPOT_HEAD.matcher(line);
    if (hotspot.matches()) {
      return new Entry(Long.parseLong(hotspot.group(2)), hotspot.group(1), false, "RUNNABLE");
    }
    Matcher mounted = MOUNTED.matcher(line);
    return mounted.matches()
        ? new Entry(Long.parseLong(mounted.group(1)), "", true, "RUNNABLE")
        : null;
  }

  private static void body(String line, Entry entry) {
    String stripped = line.strip();
    if (stripped.startsWith("at ")) {
      entry.frames.add(new Frame(stripped.substring("at ".length())));
      return;
    }
    Matcher state = HOTSPOT_STATE.matcher(line);
    if (state.matches()) {
      entry.state = state.group(1);
      return;
    }
    Matcher lock = LOCK.matcher(line);
    if (lock.matches()) {
      switch (lock.group(1)) {
        case "locked" -> entry.locked.add(lock.group(2));
        case "waiting on" -> entry.released.add(lock.group(2)); // Object.wait gives it back
        default -> entry.waitsFor = lock.group(2);
      }
    }
  }

  List<Entry> entries() {
    return entries;
  }

  Optional<Entry> thread(long id) {
    return Optional.ofNullable(byId.get(id));
  }

  /** The deadlock HotSpot found, a line for each thread in it. */
  List<String> hotspotDeadlock() {
    return hotspotDeadlock;
  }

  /** Threads that wait for each other's monitors in a circle, virtual ones too. */
  List<Entry> cycle() {
    Map<String, Entry> owners = new HashMap<>();
    for (Entry entry : entries) {
      for (String lock : entry.locked) {
        if (!entry.released.contains(lock)) {
          owners.put(lock, entry);
        }
      }
    }
    for (Entry start : entries) {
      List<Entry> path = new ArrayList<>();
      for (@Nullable Entry next = start; next != null && next.waitsFor != null; ) {
        if (path.contains(next)) {
          return List.copyOf(path.subList(path.indexOf(next), path.size()));
        }
        path.add(next);
        next = owners.get(next.waitsFor);
      }
    }
    return List.of();
  }
}
