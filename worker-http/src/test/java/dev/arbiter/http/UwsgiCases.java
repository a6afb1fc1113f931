package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.http.FrontContract.Server;
import dev.arbiter.http.RawClient.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --protocol uwsgi}, the same for every kind. */
@Timeout(30)
public abstract class UwsgiCases {
  static final String[] SETTINGS = {
    "protocol", "uwsgi", "uwsgi-allow-from", "127.0.0.1", "forwarded-allow-ips", "10.0.0.1"
  };

  /** As nginx sends them. */
  private static final String[] POST = {
    "QUERY_STRING=a=b",
    "REQUEST_METHOD=POST",
    "CONTENT_TYPE=text/plain",
    "CONTENT_LENGTH=5",
    "REQUEST_URI=/some%20place?a=b",
    "PATH_INFO=/some place",
    "SERVER_PROTOCOL=HTTP/2.0",
    "REQUEST_SCHEME=https",
    "HTTPS=on",
    "REMOTE_ADDR=1.2.3.4",
    "REMOTE_PORT=56",
    "HTTP_HOST=shop.example",
    "HTTP_X_ONE_MORE=more",
    "HTTP_X_FORWARDED_FOR=6.6.6.6",
    "HTTP_CONTENT_LENGTH=7",
    "HTTP_TRANSFER_ENCODING=chunked",
    "HTTP_CONNECTION=keep-alive",
    "HTTP_EXPECT=100-continue"
  };

  @TempDir Path folder;

  /**
   * Starts a worker.
   *
   * @param unix where its Unix socket is; null for TCP
   */
  protected abstract Server serve(@Nullable Path unix, BlockingApp app, String... settings)
      throws Exception;

  private static Response tell(Request request) throws IOException {
    String client =
        request
            .client()
            .map(InetSocketAddress.class::cast)
            .map(inet -> inet.getAddress().getHostAddress() + ":" + inet.getPort())
            .orElse("-");
    return Response.text(
        String.join(
            " ",
            client,
            request.scheme(),
            request.host(),
            request.method(),
            request.target(),
            request.headers().first("Content-Type").orElse("-"),
            request.headers().first("X-One-More").orElse("-"),
            request.headers().first("Connection").orElse("-"),
            new String(request.body().readAllBytes(), ISO_8859_1)));
  }

  private static final String TOLD =
      "1.2.3.4:56 https shop.example POST /some%20place?a=b text/plain more - hello";

  static byte[] packet(String... variables) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String variable : variables) {
      int sign = variable.indexOf('=');
      for (String part : new String[] {variable.substring(0, sign), variable.substring(sign + 1)}) {
        data.write(part.length());
        data.write(part.length() >> 8);
        data.writeBytes(part.getBytes(ISO_8859_1));
      }
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(new byte[] {0, (byte) data.size(), (byte) (data.size() >> 8), 0});
    all.writeBytes(data.toByteArray());
    return all.toByteArray();
  }

  private static byte[] with(byte[] packet, String body) {
    byte[] all = Arrays.copyOf(packet, packet.length + body.length());
    System.arraycopy(body.getBytes(ISO_8859_1), 0, all, packet.length, body.length());
    return all;
  }

  @Test
  void aRequestIsWhatTheProxySaysInWhateverPartsItComes() throws Exception {
    try (Server server = serve(null, UwsgiCases::tell, SETTINGS)) {
      byte[] all = with(packet(POST), "hello");
      for (int split : new int[] {1, 3, 4, 5, 40, all.length - 6, all.length - 5, all.length - 1}) {
        try (RawClient client = server.connect()) {
          client.send(Arrays.copyOf(all, split));
          Thread.yield();
          Answer answer = client.send(Arrays.copyOfRange(all, split, all.length)).answer();
          assertThat(answer.status()).isEqualTo(200);
          assertThat(answer.body()).as("split at " + split).isEqualTo(TOLD);
          assertThat(client.ended()).as("one request for each connection").isTrue();
        }
      }
      try (RawClient client = server.connect()) {
        for (byte one : all) {
          client.send(new byte[] {one});
        }
        assertThat(client.answer().body()).isEqualTo(TOLD);
      }
      assertThat(server.probe("/").status()).as("the worker's own probe is HTTP").isEqualTo(200);
      assertThat(server.said()).noneMatch(line -> line.contains("could not warm up"));
    }
  }

  @Test
  void anAnswerOfUnknownLengthHasNoChunks() throws Exception {
    BlockingApp app =
        request -> Response.stream("text/plain", out -> out.write("all".getBytes(ISO_8859_1)));
    try (Server server = serve(null, app, SETTINGS);
        RawClient client = server.connect()) {
      String all = client.send(packet("REQUEST_METHOD=GET", "REQUEST_URI=/")).rest();
      assertThat(all).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nall");
      assertThat(all.toLowerCase(java.util.Locale.ROOT)).doesNotContain("transfer-encoding");
    }
  }

  @Test
  void whatIsWrongInHttpIsAnsweredAsThere() throws Exception {
    try (Server server = serve(null, UwsgiCases::tell, SETTINGS)) {
      for (String wrong :
          new String[] {"REQUEST_URI=/a b", "CONTENT_LENGTH=five", "HTTP_HOST=a b"}) {
        try (RawClient client = server.connect()) {
          client.send(packet("REQUEST_METHOD=GET", "REQUEST_URI=/", wrong));
          assertThat(client.answer().status()).as(wrong).isEqualTo(400);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "REQUEST_URI=/ HTTP/1.1\r\nX-Evil: 1",
        "HTTP_X=a\nb",
        "HTTP_X=\0",
        "HTTP_X: y=1",
        "HTTP_=1",
        "REQUEST_METHOD="
      })
  void aVariableThatCannotBeInAHeadIsRefused(String variable) throws Exception {
    try (Server server = serve(null, UwsgiCases::tell, SETTINGS);
        RawClient client = server.connect()) {
      client.send(packet("REQUEST_METHOD=GET", "REQUEST_URI=/", variable));
      assertThat(client.answer().status()).isEqualTo(400);
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void whatIsNoPacketIsRefusedAndSaidOnce() throws Exception {
    byte[] cut = packet("REQUEST_METHOD=GET", "REQUEST_URI=/");
    cut[4] = 100; // longer than all there is
    byte[] none = {0, 0, 0, 0};
    byte[] other = {5, 0, 0, 0};
    try (Server server = serve(null, UwsgiCases::tell, SETTINGS)) {
      for (byte[] bytes :
          new byte[][] {cut, none, other, "GET / HTTP/1.1\r\n\r\n".getBytes(ISO_8859_1)}) {
        try (RawClient client = server.connect()) {
          assertThat(client.send(bytes).answer().status()).isEqualTo(400);
        }
      }
      assertThat(server.said())
          .filteredOn(line -> line.contains("protocol is uwsgi"))
          .singleElement()
          .asString()
          .startsWith("warning: A connection from 127.0.0.1:")
          .contains("its variables are cut off");
    }
  }

  @Test
  void whoeverIsNotInTheListIsNotServed() throws Exception {
    String[] others = {"protocol", "uwsgi", "uwsgi-allow-from", "10.0.0.1"};
    try (Server server = serve(null, UwsgiCases::tell, others)) {
      try (RawClient client = server.connect()) {
        assertThat(Http1FrontContract.endsSilently(client)).isTrue();
      }
      assertThat(server.said()).anyMatch(line -> line.contains("it is not in --uwsgi-allow-from"));
    }
    try (Server server = serve(folder.resolve("s"), UwsgiCases::tell, others);
        RawClient client = server.connect()) {
      assertThat(client.send(with(packet(POST), "hello")).answer().body())
          .as("a Unix peer always is")
          .isEqualTo(TOLD);
    }
  }

  @Test
  void forwardingFieldsAreThoseOfAClientThatIsTrusted() throws Exception {
    String[] trusted = POST.clone();
    trusted[Arrays.asList(POST).indexOf("REMOTE_ADDR=1.2.3.4")] = "REMOTE_ADDR=10.0.0.1";
    try (Server server = serve(null, UwsgiCases::tell, SETTINGS);
        RawClient client = server.connect()) {
      assertThat(client.send(with(packet(trusted), "hello")).answer().body())
          .startsWith("6.6.6.6:");
    }
  }
}
