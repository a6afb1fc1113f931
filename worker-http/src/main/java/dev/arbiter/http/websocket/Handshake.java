package dev.arbiter.http.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import dev.arbiter.http.IncomingHead;
import dev.arbiter.http.Leniency;
import dev.arbiter.http.Status;
import dev.arbiter.http.Syntax;
import dev.arbiter.http.WebSocketSettings;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The opening handshake of RFC 6455 section 4.2, as a value: what the client asks for, and what is
 * answered.
 *
 * @param refusal what a client is told whose handshake is wrong; null if it is right, and the other
 *     parts mean something only then
 * @param key the client's key, as sent; empty in HTTP/2, which has none (RFC 8441 section 5)
 * @param subprotocols that the client speaks, the one it likes best first
 * @param extension what is agreed on, as the answer names it; empty if messages are not compressed
 */
public record Handshake(
    @Nullable Response refusal, String key, List<String> subprotocols, Optional<String> extension) {

  private static final String KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int KEY_BYTES = 16;

  /**
   * Judges a head that was {@link IncomingHead#takeUpgrade taken} for a handshake, or {@link
   * IncomingHead#connect extended CONNECT} made one.
   */
  public static Handshake of(IncomingHead head, WebSocketSettings settings) {
    if (!head.method().equals("GET")) {
      return refused(400, "a WebSocket handshake is a GET");
    }
    if (head.hasBody()) {
      return refused(400, "a WebSocket handshake has no body");
    }
    Headers headers = head.headers();
    if (!headers.all("sec-websocket-version").equals(List.of("13"))) {
      // RFC 6455 section 4.4: the answer names the versions that are spoken.
      Response old = Status.error(426, "Sec-WebSocket-Version is not 13");
      return refused(
          old.withHeader("Sec-WebSocket-Version", "13").withHeader("Upgrade", "websocket"));
    }
    List<String> keys = headers.all("sec-websocket-key");
    String key = head.http2() ? "" : keys.size() == 1 ? keys.getFirst() : "none";
    if (!head.http2() && !isKey(key)) {
      return refused(400, "malformed Sec-WebSocket-Key");
    }
    List<String> subprotocols = tokens(headers.all("sec-websocket-protocol"));
    if (subprotocols == null) {
      return refused(400, "malformed Sec-WebSocket-Protocol");
    }
    List<Extension> offers = Extension.parse(headers.all("sec-websocket-extensions"));
    if (offers == null) {
      return refused(400, "malformed Sec-WebSocket-Extensions");
    }
    Optional<String> extension = settings.deflate() ? Deflate.agree(offers) : Optional.empty();
    return new Handshake(null, key, subprotocols, extension);
  }

  private static Handshake refused(int status, String why) {
    return refused(Status.error(status, why));
  }

  private static Handshake refused(Response response) {
    return new Handshake(response, "", List.of(), Optional.empty());
  }

  /** What is answered to an app that wants a WebSocket where the client asks for none. */
  public static Response upgradeRequired() {
    return Status.error(426, "this is a WebSocket").withHeader("Upgrade", "websocket");
  }

  private static boolean isKey(String key) {
    try {
      byte[] bytes = Base64.getDecoder().decode(key);
      return key.length() == 24
          && bytes.length == KEY_BYTES
          && (Leniency.SPARE_BITS_IN_KEY || Base64.getEncoder().encodeToString(bytes).equals(key));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  /** The elements, which are not empty and differ (RFC 6455 section 4.1); null if they do not. */
  private static @Nullable List<String> tokens(List<String> values) {
    List<String> tokens = new ArrayList<>();
    for (String value : values) {
      for (String part : value.split(",", -1)) {
        String token = part.strip();
        if (!Syntax.token(token) || tokens.contains(token)) {
          return null;
        }
        tokens.add(token);
      }
    }
    return tokens;
  }

  /** Whether messages may be compressed. */
  boolean deflates() {
    return extension.isPresent();
  }

  /**
   * The protocol's own fields of the answer.
   *
   * @param headers the app's own, which must not speak of these
   * @throws IllegalArgumentException if the app chose what the client did not offer, or set a field
   *     that is the worker's
   */
  public Headers answer(Optional<String> subprotocol, Headers headers) {
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i).toLowerCase(Locale.ROOT);
      if (name.startsWith("sec-websocket-") || name.equals("upgrade")) {
        throw new IllegalArgumentException("The app's answer to a handshake sets " + name + ".");
      }
    }
    Headers answer =
        key.isEmpty() ? Headers.empty() : Headers.of("Sec-WebSocket-Accept", accept(key));
    if (subprotocol.isPresent()) {
      if (!subprotocols.contains(subprotocol.get())) {
        throw new IllegalArgumentException(
            "The app chose a subprotocol the client did not offer: " + subprotocol.get());
      }
      answer = answer.with("Sec-WebSocket-Protocol", subprotocol.get());
    }
    return extension.isPresent()
        ? answer.with("Sec-WebSocket-Extensions", extension.get())
        : answer;
  }

  /** RFC 6455 section 4.2.2: proves that the handshake was read by one who knows the protocol. */
  private static String accept(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1").digest((key + KEY_SUFFIX).getBytes(US_ASCII));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JDK has it
    }
  }
}
