package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Headers;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseStart;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Has an app answer with each case of the table, and checks what is sent, byte by byte. */
public final class ResponseSuite {
  private static final List<ResponseCase> CASES = ResponseCase.all();
  private static final String ERROR = "500 Internal Server Error\n";

  /** The app, blocking. */
  public static final BlockingApp BLOCKING =
      request -> {
        Optional<ResponseCase> one = asked(request);
        if (one.isEmpty()) {
          return Response.of(200);
        }
        ResponseCase answer = one.get();
        Response.Body body =
            answer.whole()
                ? new Response.Body.Bytes(bytes(answer.parts().getFirst()))
                : new Response.Body.Stream(out -> write(answer.parts(), out));
        return new Response(answer.status(), answer.headers(), body);
      };

  /** The app, async. */
  public static final AsyncApp ASYNC =
      (scope, _, send) -> {
        Optional<ResponseCase> one = asked((HttpScope) scope);
        if (one.isEmpty()) {
          return send.send(new ResponseStart(200, Headers.empty()))
              .thenCompose(_ -> part(send, List.of(""), 0));
        }
        return send.send(new ResponseStart(one.get().status(), one.get().headers()))
            .thenCompose(_ -> part(send, one.get().parts(), 0));
      };

  private ResponseSuite() {}

  private static Optional<ResponseCase> asked(RequestHead request) {
    String path = request.path();
    return path.equals("/probe")
        ? Optional.empty()
        : Optional.of(CASES.get(Integer.parseInt(path.substring(1))));
  }

  private static void write(List<String> parts, OutputStream out) throws IOException {
    for (String part : parts) {
      out.write(bytes(part));
      out.flush();
    }
  }

  private static CompletionStage<Void> part(Send send, List<String> parts, int index) {
    boolean more = index < parts.size() - 1;
    CompletionStage<Void> sent =
        send.send(new ResponseBody(ByteBuffer.wrap(bytes(parts.get(index))), more));
    return more ? sent.thenCompose(_ -> part(send, parts, index + 1)) : sent;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(ISO_8859_1);
  }

  /** Asks for one case over a new connection. */
  public static void run(ResponseCase one, StrictSuite.Connector connector) throws Exception {
    try (RawClient client = connector.connect()) {
      client.send(one.method() + " /" + number(one) + " " + one.version() + "\r\nHost: a\r\n\r\n");
      check(one, client);
    }
  }

  /** By its name: what is to be sent may be another over HTTP/2. */
  private static int number(ResponseCase one) {
    for (int i = 0; i < CASES.size(); i++) {
      if (CASES.get(i).name().equals(one.name())) {
        return i;
      }
    }
    throw new AssertionError("no such case: " + one);
  }

  private static void check(ResponseCase one, RawClient client) throws IOException {
    List<String> expected = new ArrayList<>(one.sent());
    String outcome = expected.removeFirst();
    if (outcome.equals("500")) {
      outcome = "500 kept";
      expected.add("content-type: text/plain; charset=utf-8");
      expected.add("content-length: " + ERROR.length());
      expected.add("\"" + ERROR + "\"");
    }
    int status = Integer.parseInt(outcome.substring(0, 3));
    String end = outcome.substring(4);
    String body = "";
    if (!expected.isEmpty() && expected.getLast().startsWith("\"")) {
      String quoted = expected.removeLast();
      body = quoted.substring(1, quoted.length() - 1);
    }
    assertThat(client.line()).isEqualTo("HTTP/1.1 " + status + " " + Status.reason(status));
    List<String> fields = fields(client);
    String framing = framing(fields);
    if (expected.remove("framed")) {
      assertThat(framing).isNotEmpty();
      expected.add(framing);
    }
    if (end.equals("close")) {
      expected.add("connection: close");
    }
    addUnlessGiven(expected, fields, "date: ");
    addUnlessGiven(expected, fields, "server: ");
    assertThat(fields).containsExactlyInAnyOrderElementsOf(expected);
    if (end.equals("cut")) {
      assertThat(body).startsWith(client.rest());
    } else {
      boolean bodiless = one.method().equals("HEAD") || status == 204 || status == 304;
      assertThat(bodiless ? "" : body(client, framing)).isEqualTo(body);
      if (end.equals("close")) {
        assertThat(client.ended()).isTrue();
      } else {
        assertThat(client.get("/probe").status()).isEqualTo(200);
      }
    }
  }

  private static List<String> fields(RawClient client) throws IOException {
    List<String> fields = new ArrayList<>();
    for (String field = client.line(); !field.isEmpty(); field = client.line()) {
      String[] parts = field.split(": ", 2);
      fields.add(parts[0].toLowerCase(Locale.ROOT) + ": " + parts[1]);
    }
    return fields;
  }

  private static void addUnlessGiven(List<String> expected, List<String> fields, String name) {
    if (expected.stream().noneMatch(field -> field.startsWith(name))) {
      expected.addAll(fields.stream().filter(field -> field.startsWith(name)).limit(1).toList());
    }
  }

  private static String framing(List<String> fields) {
    return fields.stream()
        .filter(
            field -> field.startsWith("content-length: ") || field.startsWith("transfer-encoding"))
        .findFirst()
        .orElse("");
  }

  private static String body(RawClient client, String framing) throws IOException {
    if (framing.startsWith("content-length: ")) {
      return client.bytes(Integer.parseInt(framing.substring(16)));
    }
    if (framing.isEmpty()) {
      return client.rest();
    }
    StringBuilder body = new StringBuilder();
    while (true) {
      int length = Integer.parseInt(client.line(), 16);
      body.append(client.bytes(length));
      assertThat(client.line()).isEmpty();
      if (length == 0) {
        return body.toString();
      }
    }
  }
}
