package dev.arbiter.http;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells the operator which requests the app failed and how, in the same words whatever the worker
 * and the protocol; with the id that the app's side, a proxy or the client gave a request, so that
 * the line is found where theirs is. Without the query, which may be secret. One in each worker;
 * any thread.
 */
public final class FailedRequests {
  private static final int LONGEST_ID = 128;
  private static final int LONGEST_PATH = 200;
  private static final int LONGEST = 8000;

  private final BiConsumer<String, String> say;

  /**
   * Says what it has to say to {@code say}.
   *
   * @param say writes into the arbiter's log: level and text
   */
  public FailedRequests(BiConsumer<String, String> say) {
    this.say = say;
  }

  /**
   * The app failed the request.
   *
   * @param what it did, behind "the app"
   * @param cause what it threw, if it did
   */
  public void failed(IncomingHead head, String what, @Nullable Throwable cause) {
    StringBuilder text = begun(head).append(": the app ").append(what);
    if (cause != null) {
      text.append(": ").append(AppHost.stackTrace(cause));
    }
    if (text.length() > LONGEST) {
      text.setLength(LONGEST);
      text.append("\n...");
    }
    say.accept("error", text.toString());
  }

  /**
   * The app ended because its client had gone: nobody's fault, told to who looks closely.
   *
   * @param how the app was left, behind "the client left its app"
   */
  public void clientLeft(IncomingHead head, String how) {
    say.accept("debug", begun(head) + ": the client left its app " + how);
  }

  /** How a request is named in the log, for what else may befall it: with its id, if it has one. */
  public static String named(IncomingHead head) {
    return begun(head).toString();
  }

  private static StringBuilder begun(IncomingHead head) {
    StringBuilder text = new StringBuilder(head.method()).append(' ');
    shortened(text, head.rawPath(), LONGEST_PATH);
    String id = head.id();
    if (id != null && !id.isEmpty()) {
      shortened(text.append(", request "), id, LONGEST_ID);
    }
    // An id that the app's side has made may have anything in it: a line stays a line.
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        text.setCharAt(i, '?');
      }
    }
    return text;
  }

  private static void shortened(StringBuilder text, String part, int longest) {
    text.append(part, 0, Math.min(part.length(), longest));
  }
}
