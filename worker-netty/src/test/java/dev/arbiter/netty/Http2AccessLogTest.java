package dev.arbiter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.http.AccessLogContract;
import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.RawClient.Answer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The access log over HTTP/2: all that holds over HTTP/1.1, and what is its own. */
final class Http2AccessLogTest extends AccessLogContract {
  private static final byte[] CANCEL = H2Client.number(8);

  @Override
  protected Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception {
    String[] all =
        Stream.of(settings, new String[] {"h2c", "prior-knowledge"})
            .flatMap(Arrays::stream)
            .toArray(String[]::new);
    return new FrontTest().serve(unix, app, all);
  }

  @Override
  protected String version() {
    return "HTTP/2";
  }

  private static H2Client connect(Server server) throws Exception {
    H2Client client = new H2Client(server.connect());
    client.raw().send(H2Client.PREFACE);
    return client.frame(H2Client.SETTINGS, 0, 0);
  }

  private static void head(
      H2Client client, String method, String target, boolean end, String... fields)
      throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(":method", method, ":scheme", "http", ":authority", "a", ":path", target));
    all.addAll(List.of(fields));
    int flags = H2Client.END_HEADERS | (end ? H2Client.END_STREAM : 0);
    client.frame(H2Client.HEADERS, flags, 1, client.block(all.toArray(String[]::new)));
  }

  @Override
  protected Answer ask(Server server, String method, String target, String body, String... fields)
      throws Exception {
    try (H2Client client = connect(server)) {
      head(client, method, target, body.isEmpty(), fields);
      if (!body.isEmpty()) {
        client.data(1, body, true);
      }
      H2Client.Answer answer = client.answer(1);
      return new Answer(answer.status(), Map.of(), answer.body());
    }
  }

  @Override
  protected void leaveInAnswer(Server server, String target) throws Exception {
    try (H2Client client = connect(server)) {
      head(client, "GET", target, true);
      client.next(H2Client.HEADERS);
      client.frame(H2Client.RST_STREAM, 0, 1, CANCEL).untilNow();
    }
  }

  @Override
  protected void leaveInBody(Server server, String target) throws Exception {
    try (H2Client client = connect(server)) {
      head(client, "POST", target, false);
      client.data(1, "half", false).frame(H2Client.RST_STREAM, 0, 1, CANCEL).untilNow();
    }
  }

  @Test
  void aWebSocketIsTheGetThatItIsInHttp1() throws Exception {
    try (Server server = logging(null, "%(r)s %(s)s %(B)s %({x-out}o)s");
        H2Client client = connect(server)) {
      client.webSocket(1, "/socket");
      assertThat(client.next(H2Client.HEADERS).fields().status()).hasToString("200");
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("GET /socket HTTP/2 200 0 7");
  }

  @Test
  void aWebSocketAndAHeadThatCannotBeReadInJson() throws Exception {
    int length;
    try (Server server = logging(null, "json", "h2-max-header-list-size", "1000")) {
      try (H2Client client = connect(server)) {
        client.webSocket(1, "/socket").next(H2Client.HEADERS);
        awaitLines(1);
      }
      try (H2Client client = connect(server)) {
        head(client, "GET", "/", true, "x-long", "x".repeat(1100));
        length = client.answer(1).body().length();
        awaitLines(2);
      }
    }
    assertThat(lines().stream().map(AccessLogContract::withoutTimes))
        .containsExactly(
            "{\"client\":\"127.0.0.1\",\"method\":\"GET\",\"path\":\"/socket\","
                + "\"version\":\"HTTP/2\",\"status\":200,\"bytes\":0,"
                + pid(),
            "{\"client\":\"127.0.0.1\",\"status\":431,\"bytes\":" + length + "," + pid());
  }

  @Test
  void eachStreamHasALine() throws Exception {
    try (Server server = logging(null, "%(r)s %(s)s %(B)s");
        H2Client client = connect(server)) {
      client.get(1, "/1").answer(1);
      client.get(3, "/stream").answer(3);
      client.get(5, "/fails").answer(5);
      awaitLines(3);
    }
    assertThat(lines())
        .containsExactly(
            "GET /1 HTTP/2 200 5", "GET /stream HTTP/2 200 6", "GET /fails HTTP/2 500 26");
  }

  @Test
  void aBodyThatDoesNotCome() throws Exception {
    try (Server server = logging(null, "%(r)s %(s)s", "body-timeout", "100");
        H2Client client = connect(server)) {
      head(client, "POST", "/read", false);
      assertThat(client.answer(1).status()).isEqualTo(408);
      awaitLines(1);
    }
    assertThat(lines()).containsExactly("POST /read HTTP/2 408");
  }

  @Test
  void aHeadThatIsTooLongToBeRead() throws Exception {
    try (Server server =
            logging(null, "%(r)s %(H)s %(s)s %(B)s", "h2-max-header-list-size", "1000");
        H2Client client = connect(server)) {
      head(client, "GET", "/", true, "x-long", "x".repeat(1100));
      H2Client.Answer answer = client.answer(1);
      assertThat(answer.status()).isEqualTo(431);
      awaitLines(1);
      assertThat(lines()).containsExactly("- - 431 " + answer.body().length());
    }
  }
}
