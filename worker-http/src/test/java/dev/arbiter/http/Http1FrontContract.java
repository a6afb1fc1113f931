package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * The same of clients that speak HTTP/1.1, and what can only be said in its bytes: preambles that
 * precede a request, and heads that are none or not whole.
 */
public abstract class Http1FrontContract extends FrontContract {

  /** For the subclasses. */
  protected Http1FrontContract() {}

  // ---- --limit-concurrency

  /** One whose head is none has no place, so it cannot take that of one which may be served. */
  @Test
  void whatIsRefusedForItselfIsNotWhyAnotherIsRefused() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger refused = new AtomicInteger();
    try (Server server =
            serve(null, FrontContract::tell, "limit-concurrency", "1", "threads", "4");
        RawClient client = server.connect()) {
      List<Thread> others = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        others.add(Thread.ofPlatform().start(() -> askMalformed(server, over, refused)));
      }
      Await.until(30, () -> refused.get() > 0);
      for (int i = 0; i < 3000; i++) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
      over.set(true);
      for (Thread other : others) {
        other.join();
      }
      assertThat(server.said()).noneMatch(line -> line.contains("limit-concurrency"));
    }
  }

  private static void askMalformed(Server server, AtomicBoolean over, AtomicInteger refused) {
    while (!over.get()) {
      try (RawClient client = server.connect()) {
        assertThat(client.send("GET / HTTP/1.1\r\n\r\n").answer().status()).isEqualTo(400);
        refused.incrementAndGet();
      } catch (IOException cut) {
        throw new UncheckedIOException(cut);
      }
    }
  }

  // ---- the PROXY protocol

  private static final String LINE = "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\r\n";

  /** Version 2: PROXY, TCP over IPv4, from 1.2.3.4:56 to 5.6.7.8:80, and a NOOP value. */
  private static final byte[] HEADER = {
    '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n', 0x21, 0x11, 0, 16, 1, 2, 3, 4,
    5, 6, 7, 8, 0, 56, 0, 80, 4, 0, 1, 0
  };

  private Server behindTcpProxy(BlockingApp app, String mode) throws Exception {
    return serve(null, app, "proxy-protocol", mode, "proxy-allow-from", "127.0.0.1");
  }

  @Test
  void aPreambleMayComeInAnyParts() throws Exception {
    try (Server server = behindTcpProxy(FrontContract::tell, "auto")) {
      for (byte[] preamble : new byte[][] {LINE.getBytes(ISO_8859_1), HEADER}) {
        String all = new String(preamble, ISO_8859_1) + get();
        for (int split = 1; split <= preamble.length + 3; split++) {
          try (RawClient client = server.connect()) {
            client.send(all.substring(0, split));
            Thread.yield();
            assertThat(client.send(all.substring(split)).answer().body())
                .as("split at " + split)
                .isEqualTo("1.2.3.4 http a");
            assertThat(client.get("/").body()).as("it holds").isEqualTo("1.2.3.4 http a");
          }
        }
        try (RawClient client = server.connect()) {
          for (int i = 0; i < all.length(); i++) {
            client.send(all.substring(i, i + 1));
          }
          assertThat(client.answer().body()).isEqualTo("1.2.3.4 http a");
        }
      }
      assertThat(server.probe("/").status()).as("the worker's own probe has none").isEqualTo(200);
      assertThat(server.said()).noneMatch(line -> line.contains("could not warm up"));
    }
  }

  @Test
  void aPreambleMayBeFollowedAtOnceByWhatBelongsToTheRequest() throws Exception {
    try (Server server =
            behindTcpProxy(
                request -> Response.text("" + request.body().readAllBytes().length), "v1");
        RawClient client = server.connect()) {
      client.send(
          LINE + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + get() + get());
      assertThat(client.answer().body()).isEqualTo("5");
      assertThat(client.answer().body()).isEqualTo("0");
      assertThat(client.answer().body()).isEqualTo("0");
    }
  }

  @Test
  void theProxysOwnConnectionsAreServed() throws Exception {
    try (Server server = behindTcpProxy(FrontContract::tell, "auto")) {
      String local = new String(HEADER, 0, 12, ISO_8859_1) + " \0\0\0";
      assertThat(ask(server, local + get())).isEqualTo("127.0.0.1 http a");
      assertThat(ask(server, "PROXY UNKNOWN\r\n" + get())).isEqualTo("127.0.0.1 http a");
    }
  }

  @Test
  void whoeverHasNoPreambleOrAWrongOneIsNotServed() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    BlockingApp app =
        request -> {
          calls.incrementAndGet();
          return tell(request);
        };
    try (Server server = behindTcpProxy(app, "v1")) {
      for (String bytes :
          new String[] {
            get(),
            "PROXY TCP4 1.2.3.4 5.6.7.8 56 99999\r\n" + get(),
            "PROXY UNKNOWN " + "x".repeat(200),
            new String(HEADER, ISO_8859_1) + get(),
            "\u0016\u0003\u0001"
          }) {
        try (RawClient client = server.connect()) {
          client.send(bytes);
          assertThat(endsSilently(client)).as(bytes).isTrue();
        }
      }
      assertThat(server.said())
          .filteredOn(line -> line.contains("proxy-protocol is v1"))
          .as("one line for all of them")
          .singleElement()
          .asString()
          .startsWith("warning: A connection from 127.0.0.1:")
          .contains("it does not begin with the PROXY protocol");
      assertThat(ask(server, LINE + get())).isEqualTo("1.2.3.4 http a");
    }
    assertThat(calls).hasValue(1);
  }

  @Test
  void whoeverIsNotInTheListIsNotServed() throws Exception {
    try (Server server =
        serve(
            null,
            FrontContract::tell,
            "proxy-protocol",
            "auto",
            "proxy-allow-from",
            "10.0.0.1,::1")) {
      try (RawClient client = server.connect()) {
        assertThat(endsSilently(client)).isTrue();
      }
      assertThat(server.said()).anyMatch(line -> line.contains("it is not in --proxy-allow-from"));
    }
    try (Server server = serve(folder.resolve("s"), FrontContract::tell, "proxy-protocol", "v1")) {
      assertThat(ask(server, LINE + get())).as("a Unix peer always is").startsWith("1.2.3.4 ");
    }
  }

  /** A close that finds bytes unread resets the connection, which is as good an end. */
  static boolean endsSilently(RawClient client) throws IOException {
    try {
      return client.ended();
    } catch (IOException reset) {
      return String.valueOf(reset.getMessage()).contains("reset");
    }
  }

  @Test
  void forwardingFieldsBehindAPreambleAreTheAnnouncedClients() throws Exception {
    try (Server server =
        serve(
            null,
            FrontContract::tell,
            "proxy-protocol",
            "v1",
            "proxy-allow-from",
            "127.0.0.1",
            "forwarded-allow-ips",
            "127.0.0.1,10.0.0.1")) {
      String claim = get("X-Forwarded-For: 6.6.6.6");
      assertThat(ask(server, LINE + claim)).isEqualTo("1.2.3.4 http a");
      assertThat(ask(server, "PROXY UNKNOWN\r\n" + claim)).isEqualTo("127.0.0.1 http a");
      assertThat(ask(server, "PROXY TCP4 10.0.0.1 5.6.7.8 1 80\r\n" + claim))
          .isEqualTo("6.6.6.6 http a");
    }
  }

  // ---- heads

  @Test
  void defaultHeadersAreAddedToTheAnswerToWhatCannotBeRead() throws Exception {
    try (Server server = serve(null, FrontContract::tell, "header", "X-Frame-Options:DENY");
        RawClient client = server.connect()) {
      assertThat(client.send("GET / HTTP/9.9\r\n\r\n").answer().field("x-frame-options"))
          .isEqualTo("DENY");
    }
  }

  @Test
  void aClientThatSaysNothing() throws Exception {
    try (Server server = impatient(FrontContract::tell, "header-timeout");
        RawClient client = server.connect()) {
      assertThat(client.ended()).isTrue();
      awaitSaid(server, CONNECTION, "no request began within --header-timeout");
    }
  }

  @Test
  void aClientThatSaysHalfAPreamble() throws Exception {
    try (Server server =
            serve(
                null,
                FrontContract::tell,
                "header-timeout",
                "200",
                "log-level",
                "debug",
                "proxy-protocol",
                "v1",
                "proxy-allow-from",
                "127.0.0.1");
        RawClient client = server.connect()) {
      client.send("PROXY TCP4 1.2.3.4");
      assertThat(client.ended()).isTrue();
      awaitSaid(server, CONNECTION, "no request began within --header-timeout");
    }
  }

  @Test
  void aClientThatSaysHalfAHead() throws Exception {
    try (Server server = impatient(FrontContract::tell, "header-timeout");
        RawClient client = server.connect()) {
      assertThat(client.send("GET / HTTP/1.1\r\nHo").answer().status()).isEqualTo(408);
      awaitSaid(server, CONNECTION, "a request's head was not complete within --header-timeout");
    }
  }
}
