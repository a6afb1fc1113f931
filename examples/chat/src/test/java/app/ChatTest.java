package app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.testing.TestClient;
import dev.arbiter.testing.TestWebSocket;
import dev.arbiter.testing.WebSocketRefused;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ChatTest {

  private static TestWebSocket enter(TestClient client, String name, String room) {
    TestWebSocket socket = client.webSocket("/ws/" + name + "?room=" + room);
    awaitLine(socket, name + " has come");
    return socket;
  }

  /** Another worker's lines come when they come: those before are passed over. */
  private static void awaitLine(TestWebSocket socket, String line) {
    while (!socket.receiveText().equals(line)) {}
  }

  @Test
  void whoIsInARoomHearsWhatIsSaidThere() {
    try (TestClient client = TestClient.of(new App(Optional.empty()))) {
      TestWebSocket ada = enter(client, "ada", "tea");
      TestWebSocket bob = enter(client, "bob", "tea");
      assertThat(ada.receiveText()).isEqualTo("bob has come");
      TestWebSocket eve = enter(client, "eve", "coffee");

      ada.sendText("hello");
      assertThat(ada.receiveText()).isEqualTo("ada: hello");
      assertThat(bob.receiveText()).isEqualTo("ada: hello");
      bob.close();
      assertThat(ada.receiveText()).isEqualTo("bob has gone");
      eve.sendText("nobody here?");
      assertThat(eve.receiveText()).isEqualTo("eve: nobody here?");

      TestWebSocket lobby = client.webSocket("/ws/zoe");
      assertThat(lobby.receiveText()).isEqualTo("zoe has come");
      lobby.close();
      eve.close();
      ada.close();
    }
  }

  @Test
  void whoBreaksAwayHasGoneToo() {
    try (TestClient client = TestClient.of(new App(Optional.empty()))) {
      TestWebSocket ada = enter(client, "ada", "tea");
      TestWebSocket bob = enter(client, "bob", "tea");
      assertThat(ada.receiveText()).isEqualTo("bob has come");
      bob.drop();
      assertThat(ada.receiveText()).isEqualTo("bob has gone");
      ada.close();
    }
  }

  @Test
  void thereIsNothingElse() {
    try (TestClient client = TestClient.of(new App(Optional.empty()))) {
      assertThat(client.get("/").status()).isEqualTo(404);
      assertThatThrownBy(() -> client.webSocket("/ws/")).isInstanceOf(WebSocketRefused.class);
    }
  }

  @Test
  void workersTellEachOther(@TempDir Path folder) throws IOException {
    Path gone = folder.resolve("0-0.sock");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(gone)); // its name stays behind
    }
    try (TestClient one = TestClient.of(new App(Optional.of(folder)));
        TestClient two = TestClient.of(new App(Optional.of(folder)))) {
      TestWebSocket ada = enter(one, "ada", "tea");
      TestWebSocket bob = enter(two, "bob", "tea");
      assertThat(ada.receiveText()).isEqualTo("bob has come");
      TestWebSocket eve = enter(two, "eve", "coffee");

      for (int i = 0; i < 100; i++) {
        ada.sendText("line " + i + "\nand more");
        assertThat(ada.receiveText()).isEqualTo("ada: line " + i + "\nand more");
      }
      awaitLine(bob, "ada: line 0 and more");
      for (int i = 1; i < 100; i++) {
        assertThat(bob.receiveText()).isEqualTo("ada: line " + i + " and more");
      }
      bob.sendText("well");
      assertThat(bob.receiveText()).isEqualTo("bob: well");
      assertThat(ada.receiveText()).isEqualTo("bob: well");
      eve.sendText("nobody here?");
      assertThat(eve.receiveText()).isEqualTo("eve: nobody here?");
      bob.close();
      assertThat(ada.receiveText()).isEqualTo("bob has gone");
      eve.close();
      ada.close();
      assertThat(gone).doesNotExist();
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }
}
