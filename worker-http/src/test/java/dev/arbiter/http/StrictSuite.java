package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.Response;
import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.StrictCase.End;
import dev.arbiter.http.StrictCase.Sight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Sends the cases of the table to a worker, each in every way there is, and checks the answers, the
 * connection and what the app saw. What is answered to a request that is refused must be one of the
 * texts that are written in the rules, and nothing else: so nothing of the request can be in it.
 */
public final class StrictSuite {

  /** A request whose bytes follow a message after which nothing may be served. */
  private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

  private static final Sight PROBE = new Sight("GET /probe HTTP/1.1", List.of("Host: a"), "", true);

  /**
   * Of larger messages, what is not near a line's end and before the last so many bytes is sent in
   * about so many pieces, instead of byte by byte: there every place is like the one before.
   */
  private static final int MOST_PIECES = 1024;

  /** Bytes before a line's end, and after it, that are sent one by one. */
  private static final int NEAR = 3;

  private static final Set<String> REFUSALS =
      Arrays.stream(Rule.values())
          .map(rule -> Status.response(rule.refusal()))
          .map(response -> ((Response.Body.Bytes) response.body()).bytes())
          .map(bytes -> new String(bytes, ISO_8859_1))
          .collect(Collectors.toSet());

  private enum Way {
    WHOLE,
    LINES,
    BYTES,
    RANDOM;

    /** In some ways more follows at once, in others nothing: neither may make a difference. */
    boolean moreFollows() {
      return this == WHOLE || this == RANDOM;
    }
  }

  /** Opens connections to the worker. */
  @FunctionalInterface
  public interface Connector {
    RawClient connect() throws IOException;
  }

  private final Connector connector;
  private final Witness witness;

  /** For a worker that serves this witness. */
  public StrictSuite(Connector connector, Witness witness) {
    this.connector = connector;
    this.witness = witness;
  }

  /** Whether it is what is answered to a request that breaks one of the rules. */
  public static boolean isRefusal(String body) {
    return REFUSALS.contains(body);
  }

  /** Sends one case in every way. */
  public void run(StrictCase one) throws Exception {
    for (Way way : Way.values()) {
      try (RawClient client = connector.connect()) {
        witness.expect(client.port());
        try {
          send(client, one, way);
          check(client, one);
        } catch (IOException | TimeoutException | AssertionError failed) {
          throw new AssertionError(
              one + ", sent " + way + ", app saw " + witness.print(client.port()) + ": " + failed,
              failed);
        }
      }
    }
  }

  private static void send(RawClient client, StrictCase one, Way way) throws IOException {
    boolean more = way.moreFollows() && one.end() != End.KEPT && !one.ends();
    String raw = more ? one.raw() + SMUGGLED : one.raw();
    try {
      for (String piece : pieces(raw, way)) {
        client.send(piece);
      }
      if (one.ends()) {
        client.shutdownOutput();
      }
    } catch (IOException closed) {
      // It may have been refused, and the connection closed, before all was sent.
      if (one.end() == End.KEPT) {
        throw closed;
      }
    }
  }

  private static List<String> pieces(String raw, Way way) {
    List<String> pieces = new ArrayList<>();
    // The same places in each run.
    Random random = new Random(raw.hashCode());
    int step = Math.max(1, raw.length() / MOST_PIECES);
    for (int from = 0; from < raw.length(); ) {
      int to =
          switch (way) {
            case WHOLE -> raw.length();
            case LINES -> 1 + raw.indexOf('\n', from);
            case BYTES -> step(raw, from, step);
            case RANDOM -> from + 1 + random.nextInt(Math.max(1, raw.length() / 3));
          };
      to = to <= from ? raw.length() : Math.min(to, raw.length());
      pieces.add(raw.substring(from, to));
      from = to;
    }
    return pieces;
  }

  private static int step(String raw, int from, int longest) {
    int to = from + 1;
    while (to - from < longest && !isPlace(raw, to - 1) && !isPlace(raw, to)) {
      to++;
    }
    return to;
  }

  /** Whether it matters that a piece ends before this byte. */
  private static boolean isPlace(String raw, int index) {
    if (raw.length() - index <= MOST_PIECES) {
      return true;
    }
    for (int i = Math.max(0, index - NEAR); i <= index + NEAR; i++) {
      if (raw.charAt(i) == '\r' || raw.charAt(i) == '\n') {
        return true;
      }
    }
    return false;
  }

  private void check(RawClient client, StrictCase one) throws Exception {
    boolean mayContinue = one.raw().toLowerCase(Locale.ROOT).contains("expect");
    for (int i = 0; i < one.statuses().size(); i++) {
      boolean last = i == one.statuses().size() - 1;
      boolean head = i < one.seen().size() && one.seen().get(i).line().startsWith("HEAD ");
      answer(client, one, one.statuses().get(i), last, head, mayContinue);
    }
    List<Sight> expected = new ArrayList<>(one.seen());
    if (one.end() == End.KEPT) {
      assertThat(client.get("/probe").status()).isEqualTo(200);
      expected.add(PROBE);
    } else {
      assertThat(client.ended()).as("nothing after the last answer").isTrue();
    }
    sights(witness.of(client.port(), expected.size()), expected);
  }

  private static void answer(
      RawClient client,
      StrictCase one,
      int status,
      boolean last,
      boolean bodiless,
      boolean mayContinue)
      throws IOException {
    String line = client.line();
    if (mayContinue && line.equals("HTTP/1.1 100 Continue")) {
      assertThat(client.line()).isEmpty();
      line = client.line();
    }
    assertThat(line).isEqualTo("HTTP/1.1 " + status + " " + Status.reason(status));
    Map<String, String> fields = new LinkedHashMap<>();
    for (String field = client.line(); !field.isEmpty(); field = client.line()) {
      String[] parts = field.split(": ", 2);
      assertThat(fields.put(parts[0].toLowerCase(Locale.ROOT), parts[1])).as(field).isNull();
    }
    int length = Integer.parseInt(fields.getOrDefault("content-length", "0"));
    String body = bodiless ? "" : client.bytes(length);
    if (last && one.end() == End.CLOSED) {
      assertThat(fields).containsEntry("connection", "close");
    } else {
      assertThat(fields.getOrDefault("connection", "")).isIn("", "keep-alive");
    }
    if (status >= 400) {
      assertThat(fields.keySet())
          .containsExactlyInAnyOrder(
              "content-type", "content-length", "date", "server", "connection");
      assertThat(fields).containsEntry("content-type", "text/plain; charset=utf-8");
      assertThat(fields).containsEntry("server", "arbiter");
      assertThat(fields.get("date")).matches("[A-Z][a-z]{2}, [ 0-9A-Za-z:]{20} GMT");
      assertThat(isRefusal(body)).as(body).isTrue();
    }
  }

  private static void sights(List<Sight> seen, List<Sight> expected) {
    assertThat(seen).hasSameSizeAs(expected);
    for (int i = 0; i < seen.size(); i++) {
      Sight is = seen.get(i);
      Sight should = expected.get(i);
      if (should.whole()) {
        assertThat(is).isEqualTo(should);
      } else {
        // How much of it was read before the worker saw that it is malformed is a matter of time.
        assertThat(should.body()).startsWith(is.body());
        assertThat(is).isEqualTo(new Sight(should.line(), should.fields(), is.body(), false));
      }
    }
  }
}
