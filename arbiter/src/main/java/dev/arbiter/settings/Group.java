package dev.arbiter.settings;

/** The headings under which {@code --help} and the documents list settings. */
public enum Group {
  APP("App"),
  BIND("Bind"),
  WORKERS("Workers"),
  RECYCLE("Recycle"),
  TIME("Time"),
  RELOAD("Reload"),
  HTTP("HTTP"),
  WEBSOCKET("WebSocket"),
  PROXY("Proxy"),
  TLS("TLS"),
  LOG("Log"),
  OBSERVE("Observe"),
  GENERAL("General"),
  DEVELOP("Develop"),
  HOOKS("Hooks"),
  FOREIGN("Of other servers");

  private final String title;

  Group(String title) {
    this.title = title;
  }

  /** The heading. */
  public String title() {
    return title;
  }

  /** What {@code --help} calls it. */
  public String topic() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
