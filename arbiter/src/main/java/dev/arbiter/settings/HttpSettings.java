package dev.arbiter.settings;

import static dev.arbiter.settings.Draft.LATER;
import static dev.arbiter.settings.Draft.NO_FLAG;
import static dev.arbiter.settings.Draft.REPEATED;
import static dev.arbiter.settings.Draft.bare;
import static dev.arbiter.settings.Draft.choice;
import static dev.arbiter.settings.Draft.duration;
import static dev.arbiter.settings.Draft.fine;
import static dev.arbiter.settings.Draft.flag;
import static dev.arbiter.settings.Draft.group;
import static dev.arbiter.settings.Draft.key;
import static dev.arbiter.settings.Draft.means;
import static dev.arbiter.settings.Draft.mounts;
import static dev.arbiter.settings.Draft.notYet;
import static dev.arbiter.settings.Draft.onOff;
import static dev.arbiter.settings.Draft.path;
import static dev.arbiter.settings.Draft.size;
import static dev.arbiter.settings.Draft.text;
import static dev.arbiter.settings.Draft.whole;

import java.util.List;
import java.util.stream.Stream;

/** The rows about what happens on a connection. */
final class HttpSettings {

  private static final long KIBI = 1L << 10;
  private static final long MEBI = 1L << 20;
  private static final long TEBI = 1L << 40;
  private static final String HEAD = "a worker holds the head of a request in memory";

  private HttpSettings() {}

  static List<Setting> rows() {
    return Stream.of(http(), webSocket(), proxy(), tls()).flatMap(List::stream).toList();
  }

  private static List<Setting> http() {
    return group(
        Group.HTTP,
        choice(
            "http",
            "auto|1|2",
            "auto",
            "HTTP version to speak",
            notYet("2"),
            means("auto", "httptools"),
            means("1", "h11")),
        size(
            "limit-request-line",
            0,
            MEBI,
            "4094",
            HEAD,
            "Longest request line in bytes. 0: no limit of its own"),
        whole(
            "limit-request-fields",
            0,
            32_768,
            "100",
            HEAD,
            "Most header fields of a request. 0: no limit of its own"),
        size(
            "limit-request-field-size",
            0,
            MEBI,
            "8190",
            HEAD,
            "Longest header field in bytes. 0: no limit of its own",
            flag("--limit-request-field_size")),
        size(
            "limit-request-body",
            0,
            TEBI,
            "0",
            "",
            "Longest body of a request in bytes. 0: no limit"),
        onOff("server-header", true, "Send a Server header"),
        onOff("date-header", true, "Send a Date header"),
        whole(
            "limit-concurrency",
            0,
            1_000_000,
            "0",
            "",
            "Requests in flight at which a worker answers 503",
            LATER),
        text(
            "header",
            "NAME:VALUE",
            "",
            "A header for every response; may be repeated",
            REPEATED,
            LATER,
            key("headers")),
        onOff("compress", false, "Compress responses", LATER),
        onOff("sendfile", true, "Let the kernel send files, without copying them (sendfile(2))"),
        choice(
            "header-map",
            "drop|refuse|dangerous",
            "drop",
            "Header names with an underscore",
            LATER),
        mounts("static", "Serve the files of a folder below a path; may be repeated"),
        text("http-protocols", "LIST", "h1", "HTTP versions to offer, best first", LATER),
        choice(
            "h2c",
            "off|prior-knowledge|upgrade|both",
            "off",
            "HTTP/2 without TLS",
            LATER,
            flag("--http2-cleartext")),
        whole(
            "h2-max-concurrent-streams",
            1,
            1_000_000,
            "100",
            "",
            "Streams of an HTTP/2 connection",
            LATER,
            flag("--http2-max-concurrent-streams")),
        size(
            "h2-initial-window-size",
            0,
            Integer.MAX_VALUE,
            "65535",
            "",
            "HTTP/2 flow control window",
            LATER,
            flag("--http2-initial-window-size")),
        size(
            "h2-max-frame-size",
            16 * KIBI,
            16 * MEBI,
            "16384",
            "",
            "Largest HTTP/2 frame",
            LATER,
            flag("--http2-max-frame-size")),
        size(
            "h2-max-header-list-size",
            0,
            Integer.MAX_VALUE,
            "65536",
            "",
            "Largest HTTP/2 header list",
            LATER,
            flag("--http2-max-header-list-size")),
        choice("protocol", "http|uwsgi", "http", "Protocol on the listeners", LATER),
        text(
            "uwsgi-allow-from",
            "ADDRESSES",
            "127.0.0.1,::1",
            "Peers that may speak uwsgi",
            LATER,
            key("uwsgi-allow-ips")),
        onOff("permit-obsolete-folding", false, "Accept folded header lines", LATER),
        onOff("strip-header-spaces", false, "Accept blanks before the colon of a header", LATER),
        onOff("permit-unconventional-http-method", false, "Accept unusual methods", LATER),
        onOff("permit-unconventional-http-version", false, "Accept unusual versions", LATER),
        onOff("casefold-http-method", false, "Turn methods into capitals", LATER));
  }

  private static List<Setting> webSocket() {
    return group(
        Group.WEBSOCKET,
        choice(
            "ws",
            "auto|none",
            "auto",
            "WebSocket support",
            LATER,
            fine("none"),
            means("auto", "websockets", "websockets-sansio", "wsproto")),
        size("ws-max-size", 0, TEBI, "16M", "", "Largest WebSocket message", LATER),
        whole("ws-max-queue", 0, 1_000_000, "32", "", "Messages waiting for the app", LATER),
        duration("ws-ping-interval", "20s", "Time between pings", LATER),
        duration("ws-ping-timeout", "20s", "A pong must come within this time", LATER),
        onOff("ws-per-message-deflate", true, "Compress messages", LATER, fine("false")));
  }

  private static List<Setting> proxy() {
    return group(
        Group.PROXY,
        onOff(
            "proxy-headers",
            false,
            "Believe X-Forwarded-* and Forwarded headers of trusted peers",
            LATER),
        text(
            "forwarded-allow-ips",
            "ADDRESSES",
            "127.0.0.1,::1",
            "Trusted peers: addresses, networks or *",
            LATER),
        choice(
            "proxy-protocol",
            "off|v1|v2|auto",
            "off",
            "PROXY protocol on the listeners",
            LATER,
            bare("auto")),
        text(
            "proxy-allow-from",
            "ADDRESSES",
            "127.0.0.1,::1",
            "Peers that may speak the PROXY protocol",
            LATER,
            key("proxy-allow-ips")),
        text(
            "forwarder-headers",
            "NAMES",
            "SCRIPT_NAME,PATH_INFO",
            "Header names with an underscore that trusted peers may send",
            LATER),
        text(
            "secure-scheme-headers",
            "TABLE",
            "",
            "Headers that mean https when a trusted peer sends them",
            LATER,
            NO_FLAG));
  }

  private static List<Setting> tls() {
    return group(
        Group.TLS,
        path("certfile", "", "Certificate chain", LATER, flag("--ssl-certfile")),
        path("keyfile", "", "Private key", LATER, flag("--ssl-keyfile")),
        text("ssl-keyfile-password", "PASSWORD", "", "Password of the private key", LATER),
        text("ssl-version", "VERSION", "", "Lowest TLS version", LATER),
        text(
            "ssl-cert-reqs",
            "none|optional|required",
            "none",
            "Ask clients for a certificate",
            LATER,
            fine("0"),
            flag("--cert-reqs")),
        path(
            "ca-certs",
            "",
            "Authorities clients' certificates are checked with",
            LATER,
            flag("--ssl-ca-certs")),
        path("ssl-crl", "", "Revoked certificates", LATER),
        text("ciphers", "LIST", "", "Cipher suites", LATER, flag("--ssl-ciphers")),
        text(
            "sni",
            "NAME=CERT,KEY",
            "",
            "Certificate for a host name; may be repeated",
            REPEATED,
            LATER));
  }
}
