package dev.arbiter.control;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What {@code arbiterctl} shows of the arbiter's answer: parts of it as JSON, or as tables. */
final class Views {
  private static final Set<String> OF_STATUS = Set.of("status", "workers", "listeners", "stats");
  private static final Set<String> OTHERS = Set.of("config", "incidents");
  private static final String NONE = "-";

  /** Of so many deaths the arbiter tells. */
  private static final int REMEMBERED = 100;

  private Views() {}

  static boolean isView(String command) {
    return OF_STATUS.contains(command) || OTHERS.contains(command);
  }

  /** What to ask the arbiter for: several views are parts of one answer. */
  static String source(String command) {
    return OF_STATUS.contains(command) ? "status" : command;
  }

  /** The part that is printed as JSON. */
  static Object part(String command, Map<String, Object> data) {
    return switch (command) {
      case "workers", "listeners" -> list(data, command);
      case "config" -> list(data, "settings");
      case "incidents" -> list(data, "incidents");
      case "stats" -> {
        Map<String, Object> stats = new LinkedHashMap<>(object(data, "total"));
        stats.put("departures", object(data, "departures"));
        yield stats;
      }
      default -> data;
    };
  }

  static String render(String command, Map<String, Object> data) {
    return switch (command) {
      case "workers" -> workers(data);
      case "listeners" ->
          list(data, "listeners").stream().map(one -> one + "\n").collect(Collectors.joining());
      case "config" -> config(data);
      case "stats" -> stats(data);
      case "incidents" -> incidents(data);
      default -> status(data);
    };
  }

  private static String status(Map<String, Object> data) {
    List<String> listeners = list(data, "listeners").stream().map(Object::toString).toList();
    String head =
        new Table(
                "arbiter",
                "%s (pid %s), version %s"
                    .formatted(text(data, "name"), text(data, "pid"), text(data, "version")))
            .row("up", time(number(data, "uptime_millis")))
            .row("app", text(data, "app") + " (" + text(data, "worker_class") + ")")
            .row("listening", listeners.isEmpty() ? NONE : String.join(", ", listeners))
            .row(
                "state",
                "%s%s, %s of %s serving, generation %s"
                    .formatted(
                        text(data, "state"),
                        Boolean.TRUE.equals(data.get("degraded")) ? " (degraded)" : "",
                        text(data, "serving"),
                        text(data, "workers_wanted"),
                        text(data, "generation")))
            .row("lost", lost(data))
            .toString();
    Table table =
        new Table("NR", "PID", "GEN", "STATE", "AGE", "REQUESTS", "NOW", "CONNS", "BUSY", "RSS");
    for (Map<String, Object> worker : objects(data, "workers")) {
      Map<String, Object> load = object(worker, "load");
      table.row(
          text(worker, "slot"),
          text(worker, "pid"),
          text(worker, "generation"),
          state(worker),
          time(number(worker, "age_millis")),
          text(load, "requests"),
          text(load, "in_flight"),
          text(load, "connections"),
          percent(load, "busy_percent"),
          bytes(load, "rss"));
    }
    return head + "\n" + table;
  }

  /** How many of late, and the last: {@code 3 workers, the last 2m 5s ago: Worker 0 ...}. */
  private static String lost(Map<String, Object> data) {
    List<Map<String, Object>> deaths = objects(data, "deaths");
    if (deaths.isEmpty()) {
      return data.containsKey("deaths") ? "nobody" : NONE;
    }
    Map<String, Object> last = deaths.getLast();
    Instant now = Instant.parse(text(data, "started")).plusMillis(number(data, "uptime_millis"));
    return "%d worker%s%s, the last %s ago: %s"
        .formatted(
            deaths.size(),
            deaths.size() == 1 ? "" : "s",
            deaths.size() < REMEMBERED ? "" : " or more",
            time(Duration.between(Instant.parse(text(last, "time")), now).toMillis()),
            text(last, "text"));
  }

  /** A worker that boots says how far it is. */
  private static String state(Map<String, Object> worker) {
    String state =
        text(worker, "state") + (Boolean.TRUE.equals(worker.get("spare")) ? " (spare)" : "");
    return state.equals("BOOTING") && !text(worker, "phase").equals(NONE)
        ? state + " (" + text(worker, "phase") + ")"
        : state;
  }

  private static String workers(Map<String, Object> data) {
    Table table =
        new Table(
            "NR",
            "PID",
            "GEN",
            "STATE",
            "AGE",
            "REQUESTS",
            "NOW",
            "OLDEST",
            "CONNS",
            "BUSY",
            "P50",
            "P99",
            "5XX",
            "HEAP",
            "AFTER GC",
            "MAX",
            "META",
            "DIRECT",
            "RSS",
            "GC");
    for (Map<String, Object> worker : objects(data, "workers")) {
      Map<String, Object> load = object(worker, "load");
      Map<String, Object> latency = object(load, "latency_millis");
      table.row(
          text(worker, "slot"),
          text(worker, "pid"),
          text(worker, "generation"),
          state(worker),
          time(number(worker, "age_millis")),
          text(load, "requests"),
          text(load, "in_flight"),
          load.isEmpty() ? NONE : time(number(load, "oldest_millis")),
          text(load, "connections"),
          percent(load, "busy_percent"),
          millis(latency, "p50"),
          millis(latency, "p99"),
          text(object(load, "responses"), "5xx"),
          bytes(load, "heap_used"),
          bytes(load, "heap_after_gc"),
          bytes(load, "heap_max"),
          bytes(load, "metaspace"),
          bytes(load, "direct"),
          bytes(load, "rss"),
          load.isEmpty() ? NONE : time(number(load, "gc_millis")));
    }
    return table.toString();
  }

  private static String config(Map<String, Object> data) {
    Table table = new Table("SETTING", "VALUE", "FROM");
    for (Map<String, Object> setting : objects(data, "settings")) {
      table.row(text(setting, "name"), text(setting, "shown"), text(setting, "source"));
    }
    return table.toString();
  }

  private static String stats(Map<String, Object> data) {
    Map<String, Object> total = object(data, "total");
    Map<String, Object> latency = object(total, "latency_millis");
    Table table =
        new Table("requests", text(total, "requests"))
            .row("in flight", text(total, "in_flight"))
            .row("oldest", time(number(total, "oldest_millis")))
            .row("overdue", text(total, "overdue"))
            .row("connections", text(total, "connections"))
            .row("accepted", text(total, "accepted"))
            .row("busy", percent(total, "busy_percent"));
    latency.keySet().forEach(name -> table.row("latency " + name, millis(latency, name)));
    object(total, "responses").forEach((name, count) -> table.row("responses " + name, count));
    table
        .row("bytes in", bytes(total, "bytes_in"))
        .row("bytes out", bytes(total, "bytes_out"))
        .row("rss", bytes(total, "rss"))
        .row("heap", bytes(total, "heap_used"))
        .row("lines dropped", text(total, "dropped_lines"));
    object(data, "departures").forEach((cause, count) -> table.row("left: " + cause, count));
    return table.toString();
  }

  private static String incidents(Map<String, Object> data) {
    List<Map<String, Object>> incidents = objects(data, "incidents");
    if (incidents.isEmpty()) {
      return "none\n";
    }
    Table table = new Table(incidents.getFirst().keySet().toArray(String[]::new));
    for (Map<String, Object> incident : incidents) {
      table.row(incident.values().toArray());
    }
    return table.toString();
  }

  // ---- members of the answer, as far as this version of the arbiter has them

  private static Map<String, Object> object(Map<String, Object> members, String name) {
    return Json.object(members.get(name));
  }

  private static List<Object> list(Map<String, Object> members, String name) {
    return members.get(name) instanceof List<?> list ? new ArrayList<>(list) : List.of();
  }

  private static List<Map<String, Object>> objects(Map<String, Object> members, String name) {
    return list(members, name).stream().map(Json::object).toList();
  }

  private static String text(Map<String, Object> members, String name) {
    Object value = members.getOrDefault(name, "");
    return value.toString().isEmpty() ? NONE : value.toString();
  }

  private static long number(Map<String, Object> members, String name) {
    return members.get(name) instanceof Long number ? number : 0;
  }

  private static String percent(Map<String, Object> members, String name) {
    return members.containsKey(name) ? members.get(name) + "%" : NONE;
  }

  private static String millis(Map<String, Object> members, String name) {
    return members.get(name) instanceof Double value
        ? String.format(Locale.ROOT, value < 10 ? "%.1fms" : "%.0fms", value)
        : NONE;
  }

  /** {@code 3d 4h}, {@code 12m 5s}, {@code 740ms}: the two largest units say enough. */
  static String time(long millis) {
    if (millis < 1000) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    String[] units = {"d", "h", "m", "s"};
    long[] sizes = {86_400, 3_600, 60, 1};
    for (int i = 0; i < units.length; i++) {
      long count = seconds / sizes[i];
      if (count > 0) {
        long rest = i + 1 < units.length ? seconds % sizes[i] / sizes[i + 1] : 0;
        return count + units[i] + (rest > 0 ? " " + rest + units[i + 1] : "");
      }
    }
    return "0s";
  }

  private static String bytes(Map<String, Object> members, String name) {
    if (!members.containsKey(name)) {
      return NONE;
    }
    double value = number(members, name);
    int unit = 0;
    while (value >= 1024 && unit < 4) {
      value /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, unit == 0 || value >= 100 ? "%.0f%s" : "%.1f%s", value, "BkMGT".charAt(unit));
  }
}
