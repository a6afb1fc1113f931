package app;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.WebSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What the clients talk to. */
public final class App implements BlockingApp {
  /** What the page says of itself. */
  private volatile String result = "";

  @Override
  public Response handle(Request request) throws IOException {
    return switch (request.path()) {
      case "/" -> Response.file("text/html; charset=utf-8", Path.of("page.html"));
      case "/result" -> {
        if (request.method().equals("POST")) {
          result = new String(request.body().readAllBytes(), StandardCharsets.UTF_8);
        }
        yield Response.text(result);
      }
      case "/protocol" -> Response.text(request.httpVersion());
      case "/echo" -> {
        byte[] body = request.body().readAllBytes();
        yield Response.bytes("application/octet-stream", body);
      }
      case "/stream" ->
          Response.stream("application/octet-stream", out -> request.body().transferTo(out));
      case "/events" ->
          Response.events(
              events -> {
                for (int i = 0; i < 5; i++) {
                  events.send("event " + i);
                }
              });
      case "/ws" -> Response.webSocket(socket -> echo(socket, request.httpVersion()));
      // To clients that only listen.
      case "/told" ->
          Response.webSocket(
              socket -> {
                for (int i = 0; i < 1000; i++) {
                  socket.sendText("message %d %s\n".formatted(i, "x".repeat(i)));
                }
              });
      default -> Response.of(404);
    };
  }

  /** Sends back what comes; closes with 4000 if it is told to, and says what it runs over. */
  private static void echo(WebSocket socket, String version) throws IOException {
    while (true) {
      switch (socket.receive()) {
        case WebSocket.Message.Text(String text) when text.equals("close") ->
            socket.close(4000, "as you wish");
        case WebSocket.Message.Text(String text) when text.equals("version") ->
            socket.sendText(version);
        case WebSocket.Message.Text(String text) -> socket.sendText(text);
        case WebSocket.Message.Binary(var bytes) -> socket.sendBinary(bytes);
        case WebSocket.Message.Close _ -> {
          return;
        }
      }
    }
  }
}
