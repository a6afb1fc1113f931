package dev.arbiter.fuzz;

import java.util.Locale;

/** What is fuzzed. */
enum Target {
  /** The head and body of requests. */
  HTTP1,
  /** The field list of a request in HTTP/2. */
  HTTP2,
  /** Frames. */
  WEBSOCKET,
  /** The PROXY protocol's preamble. */
  PROXY,
  /** The fields in which proxies say whom they forward. */
  FORWARDED,
  /** The paths, ranges and conditions of files. */
  FILES,
  /** What an app may put into a response's head. */
  RESPONSE,
  /** What a client may put into a line of the access log. */
  ACCESS;

  /** As the script and the corpus call it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Target of(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** Runs one input. */
  void run(byte[] input) {
    switch (this) {
      case HTTP1 -> Http1.fuzzerTestOneInput(input);
      case HTTP2 -> Http2.fuzzerTestOneInput(input);
      case WEBSOCKET -> WebSocketFrames.fuzzerTestOneInput(input);
      case PROXY -> ProxyHeader.fuzzerTestOneInput(input);
      case FORWARDED -> ForwardedFields.fuzzerTestOneInput(input);
      case FILES -> FileRequests.fuzzerTestOneInput(input);
      case RESPONSE -> ResponseFields.fuzzerTestOneInput(input);
      case ACCESS -> AccessLines.fuzzerTestOneInput(input);
    }
  }
}
