package dev.arbiter.http.websocket;

/** The status codes of a Close, RFC 6455 section 7.4 and the registry it founded. */
final class CloseCode {
  static final int NORMAL = 1000;
  static final int PROTOCOL = 1002;

  /** Never sent: stands for a Close without a code. */
  static final int NONE = 1005;

  /** Never sent: stands for a connection that broke. */
  static final int ABNORMAL = 1006;

  static final int BAD_DATA = 1007;
  static final int TOO_BIG = 1009;
  static final int INTERNAL = 1011;
  static final int RESTART = 1012;

  private CloseCode() {}

  /**
   * Whether it may be in a frame: those the registry has, and those for libraries and apps. 1004 is
   * reserved; 1005, 1006 and 1015 stand for what no frame says.
   */
  static boolean sendable(int code) {
    return (code >= 1000 && code <= 1003)
        || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
  }
}
