package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.RequestRules.Rule;
import dev.arbiter.http.RequestRules.Underscores;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IncomingHeadTest {

  private static IncomingHead read(RequestRules rules, String line, String... fields) {
    IncomingHead head = new IncomingHead(rules);
    String[] parts = line.split(" ", 3);
    boolean fine = head.line(parts[0], parts[1], parts[2]);
    for (int i = 0; i < fields.length && fine; i += 2) {
      fine = head.field(fields[i], fields[i + 1]);
    }
    if (fine) {
      head.end();
    }
    return head;
  }

  private static IncomingHead read(String line, String... fields) {
    return read(RequestRules.STANDARD, line, fields);
  }

  private static void refused(Rule rule, String line, String... fields) {
    assertThat(read(line, fields).refusal()).as(line).isEqualTo(rule.refusal());
  }

  private static void fine(String line, String... fields) {
    assertThat(read(line, fields).refusal()).as(line).isNull();
  }

  private static @Nullable Refusal hostRefusal(String host) {
    return read("GET / HTTP/1.1", "Host", host).refusal();
  }

  @Test
  void requestLines() {
    fine("GET / HTTP/1.1", "Host", "a");
    fine("GET / HTTP/1.0");
    fine("M-SEARCH /x HTTP/1.1", "Host", "a");
    fine("OPTIONS * HTTP/1.1", "Host", "a");
    fine("GET http://h:80/x?y HTTP/1.1", "Host", "a");
    fine("GET /?q=100% HTTP/1.1", "Host", "a");
    refused(Rule.METHOD_CASE, "get / HTTP/1.1");
    refused(Rule.METHOD, "G@T / HTTP/1.1");
    refused(Rule.METHOD, " / HTTP/1.1");
    refused(Rule.CONNECT, "CONNECT h:443 HTTP/1.1");
    refused(Rule.VERSION, "GET / HTTP/1.1.1");
    refused(Rule.VERSION, "GET / http/1.1");
    refused(Rule.VERSION_UNSUPPORTED, "GET / HTTP/1.2");
    refused(Rule.VERSION_UNSUPPORTED, "PRI * HTTP/2.0");
    refused(Rule.TARGET_FORM, "GET * HTTP/1.1");
    refused(Rule.TARGET_FORM, "GET x HTTP/1.1");
    refused(Rule.TARGET_FORM, "GET h:80 HTTP/1.1");
    refused(Rule.TARGET_FORM, "GET ftp://h/ HTTP/1.1");
    refused(Rule.TARGET_FORM, "GET http://u:p@h/ HTTP/1.1");
    refused(Rule.TARGET_FORM, "GET http:///x HTTP/1.1");
    refused(Rule.TARGET_FRAGMENT, "GET /#a HTTP/1.1");
    refused(Rule.TARGET_CHARACTERS, "GET /\u00e9 HTTP/1.1");
    refused(Rule.TARGET_CHARACTERS, "GET /\u0001 HTTP/1.1");
    refused(Rule.TARGET_ESCAPE, "GET /%zz HTTP/1.1");
    refused(Rule.TARGET_ESCAPE, "GET /%4 HTTP/1.1");
    refused(Rule.REQUEST_LINE_SIZE, "GET /" + "a".repeat(4090) + " HTTP/1.1");
  }

  @Test
  void hosts() {
    refused(Rule.HOST_MISSING, "GET / HTTP/1.1");
    refused(Rule.HOST_REPEATED, "GET / HTTP/1.1", "Host", "a", "host", "a");
    refused(Rule.HOST_REPEATED, "GET / HTTP/1.0", "Host", "a", "host", "a");
    for (String host : new String[] {"a", "a:80", "a:", "[::1]:80", "1.2.3.4", "x_y", "a%20b"}) {
      assertThat(hostRefusal(host)).as(host).isNull();
    }
    for (String host :
        new String[] {
          "", " ", "a b", "a,b", "a/b", "u@a", ":80", "a:x", "a:80:80", "a:70000", "[::1", "[]",
          "[x]", "[::1]x", "a%2", "\u00e9"
        }) {
      assertThat(hostRefusal(host)).as(host).isEqualTo(Rule.HOST_MALFORMED.refusal());
    }
  }

  @Test
  void fields() {
    refused(Rule.FIELD_NAME, "GET / HTTP/1.0", "a b", "");
    refused(Rule.FIELD_NAME, "GET / HTTP/1.0", "", "x");
    refused(Rule.FIELD_VALUE, "GET / HTTP/1.0", "a", "x\u0000");
    refused(Rule.FIELD_SIZE, "GET / HTTP/1.0", "a", "x".repeat(8190));
    fine("GET / HTTP/1.0", "a", "tab\tand \u00fc");
  }

  @Test
  void tooManyFields() {
    String[] fields = new String[202];
    for (int i = 0; i < fields.length; i += 2) {
      fields[i] = "x";
      fields[i + 1] = "y";
    }
    refused(Rule.FIELD_COUNT, "GET / HTTP/1.0", fields);
  }

  @Test
  void fieldsTooLongTogether() {
    String[] fields = new String[18];
    for (int i = 0; i < fields.length; i += 2) {
      fields[i] = "x";
      fields[i + 1] = "y".repeat(8000);
    }
    refused(Rule.HEAD_SIZE, "GET / HTTP/1.0", fields);
  }

  @Test
  void framing() {
    String post = "POST / HTTP/1.0";
    for (String length : new String[] {"", "+3", "-1", "0x2", "2, 2", "1e1", "9".repeat(19)}) {
      refused(Rule.CONTENT_LENGTH, post, "Content-Length", length);
    }
    refused(Rule.CONTENT_LENGTH_REPEATED, post, "Content-Length", "2", "Content-Length", "2");
    refused(Rule.TRANSFER_ENCODING_IN_1_0, post, "Transfer-Encoding", "chunked");
    String post11 = "POST / HTTP/1.1";
    refused(
        Rule.CONTENT_LENGTH_AND_TRANSFER_ENCODING,
        post11,
        "Host",
        "a",
        "Transfer-Encoding",
        "chunked",
        "Content-Length",
        "2");
    for (String coding : new String[] {"", "identity", "xchunked", "chunked, gzip", "chunked,"}) {
      refused(Rule.TRANSFER_ENCODING_FINAL, post11, "Host", "a", "Transfer-Encoding", coding);
    }
    refused(
        Rule.TRANSFER_ENCODING_FINAL,
        post11,
        "Host",
        "a",
        "Transfer-Encoding",
        "chunked",
        "Transfer-Encoding",
        "chunked");
    refused(
        Rule.TRANSFER_ENCODING_UNKNOWN, post11, "Host", "a", "Transfer-Encoding", "gzip, chunked");
    fine(post11, "Host", "a", "Transfer-Encoding", "Chunked");
    assertThat(read(post, "Content-Length", "12").contentLength()).isEqualTo(12);
  }

  @Test
  void expectations() {
    refused(Rule.EXPECTATION, "POST / HTTP/1.1", "Host", "a", "Expect", "200-ok");
    fine("POST / HTTP/1.0", "Expect", "200-ok");
    assertThat(
            read("POST / HTTP/1.1", "Host", "a", "Expect", "100-Continue", "Content-Length", "1")
                .expectsContinue())
        .isTrue();
    assertThat(read("GET / HTTP/1.1", "Host", "a", "Expect", "100-continue").expectsContinue())
        .isFalse();
  }

  @Test
  void bodyLongerThanItsLimit() {
    RequestRules rules = new RequestRules(4094, 100, 8190, 10, Underscores.DROP);
    assertThat(read(rules, "POST / HTTP/1.0", "Content-Length", "11").refusal())
        .isEqualTo(Rule.BODY_SIZE.refusal());
    assertThat(read(rules, "POST / HTTP/1.0", "Content-Length", "10").refusal()).isNull();
  }

  @Test
  void underscoresAreDroppedRefusedOrPassedOn() {
    String line = "GET / HTTP/1.0";
    assertThat(read(line, "X_Y", "1", "Z", "2").headers().size()).isEqualTo(1);
    assertThat(
            read(new RequestRules(4094, 100, 8190, 0, Underscores.REFUSE), line, "X_Y", "1")
                .refusal())
        .isEqualTo(Rule.FIELD_UNDERSCORE.refusal());
    assertThat(
            read(new RequestRules(4094, 100, 8190, 0, Underscores.DANGEROUS), line, "X_Y", "1")
                .headers()
                .size())
        .isEqualTo(1);
  }

  @Test
  void connectionOptions() {
    assertThat(read("GET / HTTP/1.1", "Host", "a").keepAlive()).isTrue();
    assertThat(read("GET / HTTP/1.1", "Host", "a", "Connection", "x, Close").keepAlive()).isFalse();
    assertThat(read("GET / HTTP/1.0").keepAlive()).isFalse();
    assertThat(read("GET / HTTP/1.0", "Connection", "Keep-Alive").keepAlive()).isTrue();
  }

  @Test
  void targetsAreTakenApart() {
    IncomingHead origin = read("GET /a%2Fb%C3%A9?x=%41&y? HTTP/1.1", "Host", "a");
    assertThat(origin.rawPath()).isEqualTo("/a%2Fb%C3%A9");
    assertThat(origin.path()).isEqualTo("/a/b\u00e9");
    assertThat(origin.query()).isEqualTo("x=%41&y?");
    IncomingHead absolute = read("GET HTTP://real:8?q HTTP/1.1", "Host", "fake");
    assertThat(absolute.rawPath()).isEqualTo("/");
    assertThat(absolute.query()).isEqualTo("q");
    assertThat(absolute.headers().first("host")).contains("real:8");
    assertThat(absolute.target()).isEqualTo("HTTP://real:8?q");
  }
}
