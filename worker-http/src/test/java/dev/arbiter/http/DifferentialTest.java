package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.StrictCase.End;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sends every case of the table to nginx and HAProxy, which must be installed, and compares with
 * what the table says of the workers: statuses, the connection, and the path that each makes of the
 * target, by which smuggled requests are told from those that were meant. Each difference has to
 * stand in {@code differences.txt} with its reason and all three outcomes, and nothing else may.
 * With {@code -Dregenerate=true} writes {@code docs/http1-conformance.md}.
 */
@EnabledIfSystemProperty(named = "differential", matches = "true")
class DifferentialTest {
  static final Path DOCUMENT = Path.of("..", "docs", "http1-conformance.md");

  /** Follows each message; a server that still takes requests answers it, and closes. */
  private static final String PROBE = "GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

  private static final String NGINX =
      """
      daemon off;
      master_process off;
      error_log stderr crit;
      pid FOLDER/nginx.pid;
      events {}
      http {
        access_log off;
        client_body_temp_path FOLDER/body;
        proxy_temp_path FOLDER/proxy;
        fastcgi_temp_path FOLDER/fastcgi;
        uwsgi_temp_path FOLDER/uwsgi;
        scgi_temp_path FOLDER/scgi;
        client_header_timeout 1s;
        client_body_timeout 1s;
        # In front of itself, so that it reads bodies as it does when it serves something.
        server {
          listen 127.0.0.1:PORT;
          location / { proxy_pass http://127.0.0.1:BEHIND; proxy_http_version 1.1; proxy_ignore_client_abort on; }
        }
        server {
          listen 127.0.0.1:BEHIND;
          location / { return 200 "$uri"; }
        }
      }
      """;

  private static final String HAPROXY =
      """
      global
        maxconn 100
      defaults
        mode http
        timeout client 1s
        timeout connect 1s
        timeout server 1s
        timeout http-request 1s
      frontend all
        bind 127.0.0.1:PORT
        http-request wait-for-body time 1s
        http-request return status 200 content-type text/plain lf-string "%[path]"
      """;

  @TempDir private Path folder;

  @Test
  void everyDifferenceIsExplained() throws Exception {
    int nginx = freePort();
    Path nginxFile = folder.resolve("nginx.conf");
    Files.writeString(
        nginxFile,
        NGINX
            .replace("FOLDER", folder.toString())
            .replace("PORT", "" + nginx)
            .replace("BEHIND", "" + freePort()));
    int haproxy = freePort();
    Path haproxyFile = folder.resolve("haproxy.cfg");
    Files.writeString(haproxyFile, HAPROXY.replace("PORT", "" + haproxy));
    Process first = start("nginx", "-p", folder.toString(), "-c", nginxFile.toString());
    Process second = start("haproxy", "-db", "-f", haproxyFile.toString());
    try {
      awaitPort(nginx);
      awaitPort(haproxy);
      compare(nginx, haproxy);
    } finally {
      first.destroy();
      second.destroy();
      first.waitFor();
      second.waitFor();
    }
  }

  private record Row(StrictCase one, String ours, String nginx, String haproxy) {
    boolean differs() {
      return !ours.equals(nginx) || !ours.equals(haproxy);
    }
  }

  private void compare(int nginx, int haproxy) throws Exception {
    Map<String, Row> differing = new LinkedHashMap<>();
    // What a proxy makes of a client that has shut its side depends on which it sees first.
    List<StrictCase> cases = StrictCase.all().stream().filter(one -> !one.ends()).toList();
    for (StrictCase one : cases) {
      Row row =
          new Row(one, ours(one), ask(nginx, PathOf.NGINX, one), ask(haproxy, PathOf.HAPROXY, one));
      if (row.differs()) {
        differing.put(one.name(), row);
      }
    }
    List<Reason> reasons = reasons();
    List<Case> pinned = reasons.stream().flatMap(reason -> reason.cases().stream()).toList();
    List<String> explained = pinned.stream().map(Case::name).toList();
    String all =
        differing.values().stream()
            .filter(row -> !explained.contains(row.one().name()))
            .map(row -> row.one().name() + " | " + columns(row))
            .collect(Collectors.joining("\n"));
    assertThat(all).as("not explained in differences.txt").isEmpty();
    assertThat(explained).doesNotHaveDuplicates();
    assertThat(differing.keySet()).as("explained, but no different").containsAll(explained);
    List<String> others = new ArrayList<>();
    for (Case one : pinned) {
      Row row = Objects.requireNonNull(differing.get(one.name()));
      if (!one.holds(row)) {
        others.add("* " + one.name() + " | " + columns(row));
      }
    }
    assertThat(others).as("other outcomes than differences.txt has").isEmpty();
    if (Boolean.getBoolean("regenerate")) {
      Files.writeString(DOCUMENT, document(differing, reasons));
    }
  }

  // ---- asking

  private static String ours(StrictCase one) {
    String statuses = one.statuses().stream().map(String::valueOf).collect(Collectors.joining(" "));
    String kept = one.end() == End.KEPT ? " kept" : "";
    return statuses.isEmpty() ? "-" : statuses + kept;
  }

  /** Each server's own idea of a path, in the bytes of its body. */
  private enum PathOf {
    /** {@code $uri}: decoded. */
    NGINX {
      @Override
      String path(RequestTarget target) {
        return new String(target.path().getBytes(UTF_8), ISO_8859_1);
      }
    },
    /** {@code %[path]}: as it came. */
    HAPROXY {
      @Override
      String path(RequestTarget target) {
        return target.rawPath();
      }
    };

    abstract String path(RequestTarget target);

    /** What a server says of a request of which the app sees {@code sight}. */
    String told(String path, StrictCase.Sight sight) {
      String[] line = sight.line().split(" ");
      return path.equals(path(RequestTarget.parse(line[0], line[1])))
          ? ""
          : " (" + printable(path) + ")";
    }

    private static String printable(String path) {
      StringBuilder shown = new StringBuilder();
      for (int i = 0; i < path.length(); i++) {
        char c = path.charAt(i);
        shown.append(c > ' ' && c < 0x7f ? "" + c : "\\x%02x".formatted((int) c));
      }
      return shown.toString();
    }
  }

  private static String ask(int port, PathOf paths, StrictCase one) throws Exception {
    SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
    List<String> answers = new ArrayList<>();
    try (RawClient client = new RawClient(channel)) {
      client.send(one.raw());
      client.send(PROBE);
      while (true) {
        boolean head =
            answers.size() < one.seen().size()
                && one.seen().get(answers.size()).line().startsWith("HEAD ");
        RawClient.Answer answer = client.answer(head);
        if (answer.body().equals("/probe")) {
          answers.add("kept");
        } else {
          boolean known = answer.status() == 200 && !head && answers.size() < one.seen().size();
          String path = known ? paths.told(answer.body(), one.seen().get(answers.size())) : "";
          answers.add(answer.status() + path);
        }
      }
    } catch (IOException end) {
      // It has closed; perhaps after an answer as HTTP/0.9 gives it.
      if (end instanceof EOFException && !"after: ".equals(end.getMessage())) {
        answers.add("no head");
      }
    }
    return answers.isEmpty() ? "-" : String.join(" ", answers);
  }

  private static Process start(String... command) throws IOException {
    return new ProcessBuilder(command).inheritIO().start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitPort(int port) throws Exception {
    for (int i = 0; i < 200; i++) {
      try (SocketChannel _ = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
        return;
      } catch (IOException notYet) {
        Thread.sleep(20);
      }
    }
    throw new AssertionError("Nothing listens on " + port);
  }

  // ---- telling

  /**
   * Why the servers differ.
   *
   * @param words our reason
   * @param cases those it explains
   */
  private record Reason(String title, List<String> words, List<Case> cases) {}

  /** A case that is explained, and its outcomes, of which some have several after {@code or}. */
  private record Case(String name, List<String> outcomes) {
    static Case parse(String line) {
      String[] parts = line.split(" \\| ", -1);
      return new Case(parts[0], List.of(parts).subList(1, parts.length));
    }

    boolean holds(Row row) {
      List<String> are = List.of(row.ours(), row.nginx(), row.haproxy());
      boolean all = outcomes.size() == are.size();
      for (int i = 0; all && i < are.size(); i++) {
        all = List.of(outcomes.get(i).split(" or ")).contains(are.get(i));
      }
      return all;
    }
  }

  /** Sections of a title after {@code =}, words, and cases after {@code *}. */
  private static List<Reason> reasons() {
    List<Reason> reasons = new ArrayList<>();
    for (String line : StrictCase.lines("differences.txt")) {
      if (line.startsWith("= ")) {
        reasons.add(new Reason(line.substring(2), new ArrayList<>(), new ArrayList<>()));
      } else if (line.startsWith("* ")) {
        reasons.getLast().cases().add(Case.parse(line.substring(2)));
      } else {
        reasons.getLast().words().add(line);
      }
    }
    return reasons;
  }

  private static String document(Map<String, Row> differing, List<Reason> reasons) {
    StringBuilder text = new StringBuilder();
    List<StrictCase> all = StrictCase.all();
    long malformed = all.stream().filter(StrictCase::malformed).count();
    text.append(
        """
        # HTTP/1.1: how strict, and how others differ

        <!-- Written by DifferentialTest from strict-requests.txt and differences.txt; do not edit. -->

        %d messages, %d of them malformed, ambiguous or cut, are sent to every HTTP worker in each
        test run: whole, line by line, byte by byte and split at random. Those that are not cut are
        also sent to nginx and HAProxy (`-Ddifferential=true`). Here is every case in which one of those answers other
        than we do, or keeps a connection that we close, with our reason.

        In the tables: the statuses that were answered; "kept" if the connection then served the
        next request; "-" if it closed without an answer; "no head" if it answered as HTTP/0.9 does; in
        parentheses the path that it made of the target, where that is not what our apps are told: nginx's
        as it decodes it, HAProxy's as it came.
        nginx stands in front of itself, and HAProxy is told to wait for the body, so that both read
        bodies as they do when they serve something; nginx 1.22, HAProxy 2.6, their defaults. A few of
        HAProxy's answers change from run to run ("or"): it closes without waiting, so that a reset may
        overtake its 400, and it may answer before it has come to the trailers.

        """
            .formatted(all.size(), malformed));
    for (Reason reason : reasons) {
      text.append("## ").append(reason.title()).append('\n').append('\n');
      text.append(String.join("\n", reason.words())).append('\n').append('\n');
      text.append("| case | section | workers | nginx | HAProxy |\n|---|---|---|---|---|\n");
      for (Case one : reason.cases()) {
        Row row = Objects.requireNonNull(differing.get(one.name()));
        text.append("| ")
            .append(one.name())
            .append(" | ")
            .append(row.one().section())
            .append(" | ")
            .append(String.join(" | ", one.outcomes()))
            .append(" |\n");
      }
      text.append("\n");
    }
    Map<String, Long> counts = new TreeMap<>();
    counts.put(
        "nginx", differing.values().stream().filter(r -> !r.ours().equals(r.nginx())).count());
    counts.put(
        "HAProxy", differing.values().stream().filter(r -> !r.ours().equals(r.haproxy())).count());
    text.append("Differences in all: ").append(counts).append(".\n");
    return text.toString();
  }

  private static String columns(Row row) {
    return row.ours() + " | " + row.nginx() + " | " + row.haproxy();
  }
}
