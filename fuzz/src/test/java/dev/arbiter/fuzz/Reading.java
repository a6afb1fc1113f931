package dev.arbiter.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.arbiter.http.IncomingHead;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What a worker makes of a connection's bytes, in a form that can be compared: each request it
 * accepts with its body, and how it ends. Filled by one thread.
 */
public final class Reading {
  private final List<String> requests = new ArrayList<>();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private boolean open;
  private boolean refused;
  private String end = "";

  /** A head was accepted, and what it says is what an app would be told. */
  public void head(IncomingHead head) {
    StringBuilder text = new StringBuilder();
    text.append(head.method()).append(' ').append(head.rawPath()).append('?').append(head.query());
    text.append(' ').append(head.httpVersion());
    head.headers()
        .forEach((name, value) -> text.append('|').append(name).append(": ").append(value));
    text.append(head.keepAlive() ? "|keep" : "|close");
    text.append(head.expectsContinue() ? "|continue" : "");
    text.append(head.upgrades() ? "|upgrade" : "");
    requests.add(text.toString());
    open = true;
  }

  /** A part of its body came. */
  public void body(byte[] bytes) {
    body.writeBytes(bytes);
  }

  /** Its body is at its end. */
  public void complete() {
    requests.set(requests.size() - 1, requests.getLast() + "|" + body.toString(ISO_8859_1));
    body.reset();
    open = false;
  }

  /**
   * A head or a body was refused; nothing more is read. The status is not compared: of two faults
   * in a message either may be seen first. What each fault alone is answered stands in a table.
   */
  public void refused(int status) {
    if (status < 400 || status > 599) {
      throw new AssertionError("Refused with " + status);
    }
    refused = true;
    end = "refused";
  }

  /** Nothing more is read, for a reason that is not the client's fault. */
  public void over(String why) {
    end = why;
  }

  /** Whether nothing more is read. */
  public boolean ended() {
    return !end.isEmpty();
  }

  /**
   * All of it. How much of a body was passed on before it was seen to be malformed depends on how
   * its bytes came; so the part that came of one that is not complete is left out where it was.
   */
  String text() {
    String rest = !open ? "" : refused ? " (cut)" : " so far " + body.toString(ISO_8859_1);
    return String.join("\n", requests) + rest + "\n" + (end.isEmpty() ? "wants more" : end);
  }

  @Override
  public String toString() {
    return text();
  }
}
