package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.worker.WorkerSettings;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Who is believed to be the client. The peer is 127.0.0.1:7, trusted are 127.0.0.1, 10.0.0.0/8 and
 * fd00::/8. A row: the fields, and what comes of them as {@code client scheme host}.
 */
class ForwardingTest {
  private static final SocketAddress PEER = new InetSocketAddress("127.0.0.1", 7);
  private static final SocketAddress SERVER = new InetSocketAddress("127.0.0.1", 8000);
  private static final String AS_SENT = "127.0.0.1:7 http here";

  private static ProxySettings trusting(String list) {
    return ProxySettings.from(new WorkerSettings(Map.of("forwarded-allow-ips", list)));
  }

  private static final ProxySettings USUAL = trusting("127.0.0.1,10.0.0.0/8,fd00::/8");

  private static Origin origin(ProxySettings settings, SocketAddress peer, String... fields) {
    Origin connection = settings.origin(false, peer, SERVER, "http");
    IncomingHead head = new IncomingHead(RequestRules.STANDARD, connection.trusted());
    head.line("GET", "/", "HTTP/1.1");
    head.field("Host", "here");
    for (String field : fields) {
      int colon = field.indexOf(':');
      head.field(field.substring(0, colon), field.substring(colon + 1).strip());
    }
    head.end();
    assertThat(head.refusal()).isNull();
    return settings.origin(head, connection);
  }

  private static String shown(Origin origin) {
    String host = origin.host();
    return text(origin.client()) + " " + origin.scheme() + " " + (host == null ? "here" : host);
  }

  private static String text(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet
        ? inet.getAddress().getHostAddress() + ":" + inet.getPort()
        : "unknown";
  }

  private static void row(String expected, String... fields) {
    assertThat(shown(origin(USUAL, PEER, fields)))
        .as(String.join(" | ", fields))
        .isEqualTo(expected);
  }

  @Test
  void withoutSuchFieldsItIsTheConnectionsOwn() {
    Origin connection = USUAL.origin(false, PEER, SERVER, "http");
    IncomingHead head = new IncomingHead(RequestRules.STANDARD, true);
    head.line("GET", "/", "HTTP/1.1");
    head.field("Host", "here");
    head.field("Accept-Language", "x");
    head.field("Transfer-Encoding", "chunked");
    assertThat(USUAL.origin(head, connection)).as("no object is made").isSameAs(connection);
  }

  @Test
  void addressesAreWalkedFromTheRight() {
    row("1.2.3.4:0 http here", "X-Forwarded-For: 1.2.3.4");
    row("1.2.3.4:0 http here", "x-FORWARDED-for: 9.9.9.9, 1.2.3.4");
    row("1.2.3.4:0 http here", "X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.1, 10.0.0.2");
    row("1.2.3.4:0 http here", "X-Forwarded-For: 9.9.9.9, 1.2.3.4", "X-Forwarded-For: 10.0.0.1");
    row("1.2.3.4:0 http here", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 1.2.3.4");
    row("10.0.0.2:0 http here", "X-Forwarded-For: 10.0.0.2, 10.0.0.1");
    row("1.2.3.4:0 http here", "X-Forwarded-For: 1.2.3.4, fd00::1");
    row("2001:db8:0:0:0:0:0:1:0 http here", "X-Forwarded-For: 2001:db8::1");
    row("1.2.3.4:0 http here", "X-Forwarded-For: ::ffff:1.2.3.4");
    row("1.2.3.4:0 http here", "X-Forwarded-For: ,, 1.2.3.4 ,\t,");
    row("1.2.3.4:0 http here", "X-Forwarded-For: garbage, 1.2.3.4");
  }

  @Test
  void addressesMayHavePorts() {
    row("1.2.3.4:5678 http here", "X-Forwarded-For: 1.2.3.4:5678");
    row("1.2.3.4:65535 http here", "X-Forwarded-For: 1.2.3.4:65535");
    row("2001:db8:0:0:0:0:0:1:80 http here", "X-Forwarded-For: [2001:db8::1]:80");
    row("2001:db8:0:0:0:0:0:1:0 http here", "X-Forwarded-For: [2001:db8::1]");
    row("1.2.3.4:9 http here", "X-Forwarded-For: 1.2.3.4:9, 10.0.0.1:80, [fd00::1]:81");
  }

  @Test
  void whatCannotBeReadMakesTheClientUnknown() {
    for (String bad :
        new String[] {
          "garbage",
          "unknown",
          "_hidden",
          "1.2.3",
          "1.2.3.4.5",
          "01.2.3.4",
          "1.2.3.400",
          "1.2.3.4:",
          "1.2.3.4:x",
          "1.2.3.4:65536",
          "1.2.3.4:123456",
          "1.2.3.4:+1",
          "[1.2.3.4]:80",
          "[::1",
          "[::1]x",
          "[]",
          "::1]",
          "::1%eth0",
          "localhost",
          "\"1.2.3.4\"",
          "1.2.3.4;x",
          "http://1.2.3.4",
          "\u00e9"
        }) {
      row("unknown http here", "X-Forwarded-For: 5.5.5.5, " + bad);
      row("unknown http here", "X-Forwarded-For: 5.5.5.5, " + bad + ", 10.0.0.1");
    }
    row("unknown http here", "X-Forwarded-For: " + "10.0.0.1,".repeat(70) + "10.0.0.1");
  }

  @Test
  void anEmptyListSaysNothing() {
    row(AS_SENT, "X-Forwarded-For:");
    row(AS_SENT, "X-Forwarded-For: , ,");
  }

  @Test
  void aHopOverAUnixSocketHasNoAddress() {
    row("1.2.3.4:0 http here", "X-Forwarded-For: 9.9.9.9, 1.2.3.4, unix:");
    row("unknown http here", "X-Forwarded-For: unix:");
    row("unknown http here", "X-Forwarded-For: unix:, 10.0.0.1");
  }

  @Test
  void schemes() {
    row("127.0.0.1:7 https here", "X-Forwarded-Proto: https");
    row("127.0.0.1:7 https here", "X-Forwarded-Proto: HTTPS");
    row("127.0.0.1:7 https here", "X-Forwarded-Proto: wss");
    row("127.0.0.1:7 http here", "X-Forwarded-Proto: ws");
    row("127.0.0.1:7 https here", "X-Forwarded-Proto: https, https");
    row("1.2.3.4:0 https here", "X-Forwarded-Proto: https", "X-Forwarded-For: 1.2.3.4");
    for (String bad : new String[] {"", "ftp", "https,http", "https://", "on", "https;"}) {
      row(AS_SENT, "X-Forwarded-Proto: " + bad);
    }
    row(AS_SENT, "X-Forwarded-Proto: https", "X-Forwarded-Proto: http");
  }

  @Test
  void hosts() {
    row("127.0.0.1:7 http a.example", "X-Forwarded-Host: a.example");
    row("127.0.0.1:7 http a.example:81", "X-Forwarded-Host: a.example:81");
    row("127.0.0.1:7 http [::1]:81", "X-Forwarded-Host: [::1]", "X-Forwarded-Port: 81");
    row("127.0.0.1:7 http a.example", "X-Forwarded-Host: a.example, A.example");
    for (String bad : new String[] {"", "a b", "a/b", "u@a", "a,b", "a:x", "[::1", "<script>"}) {
      row(AS_SENT, "X-Forwarded-Host: " + bad);
    }
    row(AS_SENT, "X-Forwarded-Host: a", "X-Forwarded-Host: b");
  }

  @Test
  void aPortIsAddedToAHostThatHasNone() {
    row("127.0.0.1:7 http here:8443", "X-Forwarded-Port: 8443");
    row("127.0.0.1:7 http a:8443", "X-Forwarded-Host: a", "X-Forwarded-Port: 8443");
    row("127.0.0.1:7 http a:81", "X-Forwarded-Host: a:81", "X-Forwarded-Port: 8443");
    row(
        "127.0.0.1:7 https a",
        "X-Forwarded-Host: a",
        "X-Forwarded-Port: 443",
        "X-Forwarded-Proto: https");
    row("127.0.0.1:7 http a", "X-Forwarded-Host: a", "X-Forwarded-Port: 80");
    row(
        "127.0.0.1:7 https a:80",
        "X-Forwarded-Host: a",
        "X-Forwarded-Port: 80",
        "X-Forwarded-Proto: https");
    for (String bad : new String[] {"", "0", "65536", "x", "-1", "80x", "80, 81"}) {
      row(AS_SENT, "X-Forwarded-Port: " + bad);
    }
  }

  @Test
  void forwarded() {
    row("192.0.2.60:0 http here", "Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43");
    row(
        "192.0.2.60:0 https a.example:8",
        "Forwarded: For=192.0.2.60; PROTO=https; host=\"a.example:8\"");
    row("1.2.3.4:4711 http here", "Forwarded: for=\"1.2.3.4:4711\"");
    row("2001:db8:0:0:0:0:0:1:0 http here", "Forwarded: for=\"[2001:db8::1]\"");
    row("2001:db8:0:0:0:0:0:1:4711 http here", "Forwarded: for=\"[2001:db8::1]:4711\"");
    row("2001:db8:0:0:0:0:0:1:0 http here", "Forwarded: for=\"2001:db8::1\"");
    row("1.2.3.4:0 http here", "Forwarded: for=\"1.2.3.4:_port\"");
    row("1.2.3.4:0 http here", "Forwarded: for=\"1\\.2.3.4\"");
    row("1.2.3.4:0 http here", "Forwarded: for=9.9.9.9, for=1.2.3.4, for=10.0.0.1");
    row("1.2.3.4:0 http here", "Forwarded: for=1.2.3.4", "Forwarded: for=10.0.0.1");
    row("10.0.0.2:0 http here", "Forwarded: for=10.0.0.2, for=10.0.0.1");
    row("1.2.3.4:0 http here", "Forwarded: for=1.2.3.4;secret=\"a,b;c\", for=10.0.0.1");
    row("1.2.3.4:0 http here", "Forwarded: ,;for=1.2.3.4;;,");
    row(
        "1.2.3.4:0 https a",
        "Forwarded: for=1.2.3.4;proto=https;host=a, for=10.0.0.1;proto=http;host=b");
    row("unknown https here", "Forwarded: proto=https");
    row("unknown http here", "Forwarded: for=1.2.3.4, by=10.0.0.1");
    row(AS_SENT, "Forwarded:");
    row(AS_SENT, "Forwarded: , ;");
  }

  @Test
  void forwardedMayHideTheClient() {
    row("unknown https here", "Forwarded: for=unknown;proto=https");
    row("unknown http here", "Forwarded: for=1.2.3.4, for=_gazonk");
    row("unknown http here", "Forwarded: for=\"_gazonk:80\", for=10.0.0.1");
  }

  @Test
  void aMalformedForwardedFieldSaysNothingButThatTheClientIsUnknown() {
    for (String bad :
        new String[] {
          "for",
          "for=",
          "=1.2.3.4",
          "for =1.2.3.4",
          "for= 1.2.3.4",
          "for=1.2.3.4:80",
          "for=[::1]",
          "for=\"1.2.3.4",
          "for=\"1.2.3.4\\",
          "for=\"1.2.3.4\"x",
          "for=1.2.3.4 proto=https",
          "for=1.2.3.4;for=5.6.7.8",
          "for=1.2.3.4;proto=https;proto=https",
          "by=a;by=b;for=1.2.3.4",
          "for=1.2.3.4;host=a;host=a",
          "for=1.2.3.4/5",
          "for=\"1.2.3.4, for=10.0.0.1",
          "x=\", for=\"[::1]\"",
          "f@r=1.2.3.4",
          "for=\u00e9"
        }) {
      row("unknown http here", "Forwarded: " + bad);
      row("unknown http here", "Forwarded: proto=https;host=evil;for=5.5.5.5, " + bad);
    }
    row("1.2.3.4:0 http here", "Forwarded: for=\"open", "Forwarded: for=1.2.3.4");
    row("1.2.3.4:0 http here", "Forwarded: for=1.2.3.4;proto=gopher;host=\"a b\"");
  }

  @Test
  void xForwardedFieldsMakeForwardedUnread() {
    row(
        "1.2.3.4:0 http here",
        "Forwarded: for=9.9.9.9;proto=https;host=evil",
        "X-Forwarded-For: 1.2.3.4");
    row("127.0.0.1:7 https here", "X-Forwarded-Proto: https", "Forwarded: for=9.9.9.9");
  }

  @Test
  void prefixesAreNeverRead() {
    row(AS_SENT, "X-Forwarded-Prefix: /evil", "X-Script-Name: /evil");
  }

  @Test
  void othersAreNotBelieved() {
    SocketAddress stranger = new InetSocketAddress("10.1.1.1", 9);
    String[] all = {
      "X-Forwarded-For: 1.2.3.4",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: a",
      "X-Forwarded-Port: 81",
      "Forwarded: for=1.2.3.4"
    };
    assertThat(shown(origin(trusting("127.0.0.1"), stranger, all)))
        .isEqualTo("10.1.1.1:9 http here");
    assertThat(shown(origin(trusting(""), PEER, all))).isEqualTo(AS_SENT);
    ProxySettings off =
        ProxySettings.from(
            new WorkerSettings(Map.of("proxy-headers", "false", "forwarded-allow-ips", "*")));
    assertThat(shown(origin(off, PEER, all))).isEqualTo(AS_SENT);
    assertThat(off.origin(true, null, null, "http").trusted()).isFalse();
  }

  @Test
  void anyoneMayBeTrusted() {
    SocketAddress stranger = new InetSocketAddress("192.0.2.1", 9);
    assertThat(shown(origin(trusting("*"), stranger, "X-Forwarded-For: 1.2.3.4, 5.6.7.8")))
        .isEqualTo("1.2.3.4:0 http here");
  }

  @Test
  void aUnixPeerIsTrustedAndATcpPeerWithoutAnAddressIsNot() {
    assertThat(trusting("").origin(true, null, null, "http").trusted()).isTrue();
    assertThat(trusting("*").origin(false, null, null, "http").trusted()).isFalse();
  }

  @Test
  void namesWithAnUnderscoreAreATrustedProxysPrivilege() {
    RequestRules rules =
        RequestRules.from(
            new WorkerSettings(Map.of("header-map", "refuse", "forwarder-headers", "SCRIPT_NAME")));
    assertThat(named(rules, true, "Script_Name").size()).isEqualTo(2);
    assertThat(named(rules, true, "Path_Info").refusal())
        .isEqualTo(RequestRules.Rule.FIELD_UNDERSCORE.refusal());
    assertThat(named(rules, false, "Script_Name").refusal())
        .isEqualTo(RequestRules.Rule.FIELD_UNDERSCORE.refusal());
    RequestRules all = RequestRules.from(new WorkerSettings(Map.of("forwarder-headers", "*")));
    assertThat(named(all, true, "Any_Name").size()).isEqualTo(2);
    assertThat(named(all, false, "Any_Name").size()).isEqualTo(1);
  }

  private static IncomingHead named(RequestRules rules, boolean trusted, String name) {
    IncomingHead head = new IncomingHead(rules, trusted);
    head.line("GET", "/", "HTTP/1.1");
    head.field("Host", "here");
    head.field(name, "x");
    head.end();
    return head;
  }

  // ---- fields that the operator has named

  private static IncomingHead told(boolean trusted, String... fields) {
    RequestRules rules =
        RequestRules.from(
            new WorkerSettings(
                Map.of("secure-scheme-headers", "X-FORWARDED-SSL=on\nFront-End-Https=On = yes")));
    IncomingHead head = new IncomingHead(rules, trusted);
    head.line("GET", "/", "HTTP/1.1");
    head.field("Host", "here");
    for (String field : fields) {
      int colon = field.indexOf(':');
      head.field(field.substring(0, colon), field.substring(colon + 1).strip());
    }
    head.end();
    return head;
  }

  private static void scheme(String expected, String... fields) {
    IncomingHead head = told(true, fields);
    assertThat(head.refusal()).isNull();
    Origin connection = USUAL.origin(false, PEER, SERVER, "http");
    assertThat(shown(USUAL.origin(head, connection)))
        .as(String.join(" | ", fields))
        .isEqualTo(expected);
  }

  @Test
  void aNamedFieldMeansHttpsWithItsValueAndHttpWithAnyOther() {
    scheme(AS_SENT, "Accept: x");
    scheme("127.0.0.1:7 https here", "X-Forwarded-Ssl: on");
    scheme("127.0.0.1:7 https here", "front-end-https: On = yes");
    scheme("127.0.0.1:7 http here", "X-Forwarded-Ssl: ON");
    scheme("127.0.0.1:7 http here", "X-Forwarded-Ssl: off");
    scheme("127.0.0.1:7 http here", "X-Forwarded-Ssl:");
  }

  @Test
  void aNamedFieldGoesBeforeTheUsualOnesAndKeepsTheirClient() {
    scheme(
        "1.2.3.4:0 http here",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Ssl: off",
        "X-Forwarded-For: 1.2.3.4");
    scheme("127.0.0.1:7 https here:81", "X-Forwarded-Ssl: on", "X-Forwarded-Port: 81");
    scheme("127.0.0.1:7 https here", "X-Forwarded-Ssl: on", "Forwarded: for=1.2.3.4;proto=http");
    scheme("127.0.0.1:7 https here", "X-Forwarded-Proto: https");
  }

  @Test
  void namedFieldsThatContradictEachOtherAreRefused() {
    Refusal refusal = told(true, "X-Forwarded-Ssl: on", "Front-End-Https: off").refusal();
    assertThat(refusal).isEqualTo(RequestRules.Rule.SCHEME_CONTRADICTORY.refusal());
    assertThat(told(true, "X-Forwarded-Ssl: on", "X-Forwarded-Ssl: off").refusal()).isNotNull();
    assertThat(told(true, "X-Forwarded-Ssl: on", "X-Forwarded-Ssl: on").refusal()).isNull();
  }

  @Test
  void namedFieldsOfOthersThanTrustedPeersAreNotLookedAt() {
    IncomingHead head = told(false, "X-Forwarded-Ssl: on", "Front-End-Https: off");
    assertThat(head.refusal()).isNull();
    assertThat(head.toldScheme()).isNull();
  }
}
