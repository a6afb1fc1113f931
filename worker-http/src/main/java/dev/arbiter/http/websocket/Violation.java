package dev.arbiter.http.websocket;

import java.io.Serial;

/** The client broke the protocol or a limit: what its connection is closed with. */
final class Violation extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final int code;
  private final String reason;

  Violation(int code, String reason) {
    super(code + " " + reason, null, false, false);
    this.code = code;
    this.reason = reason;
  }

  static Violation protocol(String reason) {
    return new Violation(CloseCode.PROTOCOL, reason);
  }

  int code() {
    return code;
  }

  String reason() {
    return reason;
  }
}
