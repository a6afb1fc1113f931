package dev.arbiter.settings;

import static dev.arbiter.settings.Draft.REPEATED;
import static dev.arbiter.settings.Draft.addresses;
import static dev.arbiter.settings.Draft.bare;
import static dev.arbiter.settings.Draft.choice;
import static dev.arbiter.settings.Draft.duration;
import static dev.arbiter.settings.Draft.field;
import static dev.arbiter.settings.Draft.flag;
import static dev.arbiter.settings.Draft.group;
import static dev.arbiter.settings.Draft.key;
import static dev.arbiter.settings.Draft.means;
import static dev.arbiter.settings.Draft.mounts;
import static dev.arbiter.settings.Draft.onOff;
import static dev.arbiter.settings.Draft.pairs;
import static dev.arbiter.settings.Draft.path;
import static dev.arbiter.settings.Draft.secret;
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
            "HTTP version to speak: auto is HTTP/1.1, and under TLS HTTP/2 with clients that know it;"
                + " the sync kind speaks 1 alone",
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
            "Requests a worker has under way at once; it answers more with 503. 0: no limit"),
        field(
            "header",
            "A header for every response that does not bring one of its name; may be repeated",
            REPEATED,
            key("headers")),
        onOff(
            "compress",
            false,
            "Compress answers of 1 KiB or more that are text (zstd, br, gzip) for clients that take"
                + " it, and send a.gz, a.br or a.zst beside a file of --static. Read docs/compression.md first"),
        onOff("sendfile", true, "Let the kernel send files, without copying them (sendfile(2))"),
        choice(
            "header-map",
            "drop|refuse|dangerous",
            "drop",
            "What becomes of header fields with an underscore in their name: left out, the request"
                + " refused, or passed on"),
        mounts("static", "Serve the files of a folder below a path; may be repeated"),
        text(
            "http-protocols",
            "LIST",
            "",
            "Another way to say --http: h1 is 1, h2 is 2, and both with a comma between are auto"),
        choice(
            "h2c",
            "off|prior-knowledge|upgrade|both",
            "off",
            "HTTP/2 without TLS: with clients that begin with it, or ask for an upgrade",
            flag("--http2-cleartext")),
        whole(
            "h2-max-concurrent-streams",
            1,
            1_000_000,
            "100",
            "",
            "Requests of an HTTP/2 connection that are under way at once; more are refused",
            flag("--http2-max-concurrent-streams")),
        size(
            "h2-initial-window-size",
            KIBI,
            Integer.MAX_VALUE,
            "65535",
            "",
            "Bytes of a body that an HTTP/2 client may send before the app reads",
            flag("--http2-initial-window-size")),
        size(
            "h2-max-frame-size",
            16 * KIBI,
            16 * MEBI - 1,
            "16384",
            "",
            "Longest HTTP/2 frame that is taken, in bytes",
            flag("--http2-max-frame-size")),
        size(
            "h2-max-header-list-size",
            0,
            Integer.MAX_VALUE,
            "65536",
            "",
            "Longest header list of an HTTP/2 request in bytes, 32 more for each field; 431 beyond it."
                + " 0: 65536",
            flag("--http2-max-header-list-size")),
        choice(
            "protocol",
            "http|uwsgi",
            "http",
            "Protocol on the listeners; uwsgi is what nginx speaks with uwsgi_pass, without TLS"),
        text(
            "uwsgi-allow-from",
            "ADDRESSES",
            "127.0.0.1,::1",
            "Peers that may speak uwsgi, in which they name the client; Unix sockets always may",
            key("uwsgi-allow-ips")),
        onOff(
            "permit-obsolete-folding",
            false,
            "Accept a header field that goes on in a line that begins with a blank (RFC 9112, 5.2)"),
        onOff(
            "strip-header-spaces",
            false,
            "Accept blanks before the colon of a header field (RFC 9112, 5.1): the way in for requests "
                + "that hide in others, if anything stands in front"),
        onOff(
            "permit-unconventional-http-method",
            false,
            "Accept methods with small letters (RFC 9110, 9.1)"),
        onOff(
            "permit-unconventional-http-version",
            false,
            "Accept versions other than 1.0 and 1.1, and read them as the nearest of the two "
                + "(RFC 9112, 2.3)"),
        onOff(
            "casefold-http-method",
            false,
            "Turn small letters in methods into capitals (RFC 9110, 9.1)"));
  }

  private static List<Setting> webSocket() {
    return group(
        Group.WEBSOCKET,
        choice(
            "ws",
            "auto|none",
            "auto",
            "Whether apps are asked for WebSockets; with none a handshake is a request like others",
            means("auto", "websockets", "websockets-sansio", "wsproto")),
        size(
            "ws-max-size",
            0,
            TEBI,
            "16M",
            "",
            "Longest WebSocket message in bytes, decompressed. 0: no limit"),
        whole(
            "ws-max-queue",
            0,
            1_000_000,
            "32",
            "",
            "Messages of a WebSocket that wait for the app before reading stops, and that an async "
                + "app may send ahead of its client. 0: no limit"),
        duration("ws-ping-interval", "20s", "Time between two pings of a WebSocket. 0: no pings"),
        duration("ws-ping-timeout", "20s", "A pong must come within this time. 0: no limit"),
        onOff("ws-per-message-deflate", true, "Compress messages for clients that can"));
  }

  private static List<Setting> proxy() {
    return group(
        Group.PROXY,
        onOff(
            "proxy-headers",
            true,
            "Believe X-Forwarded-For, -Proto, -Host, -Port and Forwarded of trusted peers"),
        addresses(
            "forwarded-allow-ips",
            "127.0.0.1,::1",
            "Trusted peers: addresses and networks with commas between them, or *; those of Unix"
                + " sockets always are"),
        choice(
            "proxy-protocol",
            "off|v1|v2|auto",
            "off",
            "Version of the PROXY protocol that every TCP and Unix connection must begin with; auto"
                + " takes both",
            bare("auto")),
        addresses(
            "proxy-allow-from",
            "127.0.0.1,::1",
            "Peers that may speak the PROXY protocol, as in --forwarded-allow-ips; with it, all"
                + " others are not served",
            key("proxy-allow-ips")),
        text(
            "forwarder-headers",
            "NAMES",
            "SCRIPT_NAME,PATH_INFO",
            "Header names with an underscore that trusted peers may send whatever --header-map says"),
        pairs(
            "secure-scheme-headers",
            "A header by which a trusted peer says that it was asked by https, such as"
                + " X-Forwarded-Ssl=on: with any other value by http. May be repeated"));
  }

  private static List<Setting> tls() {
    return group(
        Group.TLS,
        path(
            "certfile",
            "",
            "The server's certificate and those that vouch for it, as PEM; or all of it with the key "
                + "as PKCS#12. With it, the addresses of --bind speak TLS",
            flag("--ssl-certfile")),
        path(
            "keyfile",
            "",
            "Private key as PEM: PKCS#8, RSA or EC; without it, the key is in --certfile",
            flag("--ssl-keyfile")),
        secret(
            "ssl-keyfile-password",
            "file:PATH|env:NAME|PASSWORD",
            "Password of private keys and PKCS#12 files: the first line of a file, a variable of the "
                + "workers, or the password itself, which the command line refuses"),
        choice(
            "ssl-provider",
            "auto|jdk|openssl",
            "auto",
            "Who does the cryptography; auto is OpenSSL where the kind of worker, the machine and the "
                + "keys allow it, else the JDK"),
        choice(
            "ssl-version",
            "1.2|1.3",
            "1.2",
            "Lowest TLS version",
            means("1.2", "TLSv1.2", "TLSv1_2", "TLS", "TLS_SERVER", "PROTOCOL_TLS_SERVER", "17"),
            means("1.3", "TLSv1.3", "TLSv1_3")),
        choice(
            "ssl-cert-reqs",
            "none|optional|required",
            "none",
            "Ask clients for a certificate, of an authority in --ca-certs",
            flag("--cert-reqs"),
            means("none", "0", "CERT_NONE"),
            means("optional", "1", "CERT_OPTIONAL"),
            means("required", "2", "CERT_REQUIRED")),
        path(
            "ca-certs",
            "",
            "Authorities that clients' certificates are checked with, as PEM",
            flag("--ssl-ca-certs")),
        path(
            "ssl-crl",
            "",
            "Lists of revoked certificates, as PEM: one of each authority in a client's chain"),
        text(
            "ciphers",
            "LIST",
            "",
            "Cipher suites of TLS 1.2, best first, with colons between; suites of TLS 1.3 only if "
                + "some are named. Without it, those with forward secrecy and AEAD",
            flag("--ssl-ciphers")),
        text(
            "sni",
            "NAME=CERT,KEY",
            "",
            "Certificate and key for a host name, or for *.NAME; may be repeated",
            REPEATED));
  }
}
