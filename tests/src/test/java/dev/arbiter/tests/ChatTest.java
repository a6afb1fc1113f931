package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The chat example, with more than one worker: a room is wherever its members are. */
@Tag("slow")
final class ChatTest {
  private static final int MEMBERS = 8;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /** A member that keeps what it hears. */
  private static final class Member implements WebSocket.Listener {
    final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder message = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        heard.add(message.toString());
        message.setLength(0);
      }
      socket.request(1);
      return null;
    }

    void awaitLine(String line) throws InterruptedException {
      String next = heard.poll(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
      while (next != null && !next.equals(line)) {
        next = heard.poll(Limits.CHANGE.toSeconds(), TimeUnit.SECONDS);
      }
      assertThat(next).isEqualTo(line);
    }
  }

  @EachKind
  void whatIsSaidIsHeardByTheMembersOfEveryWorker(String kind) throws Exception {
    Path bus = arbiters.folder().resolve("bus");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .env("CHAT_BUS", bus.toString())
            .example("chat")
            .start();
    arbiter.awaitWorkers(2);
    try (Stream<Path> sockets = Files.list(bus)) {
      assertThat(sockets).hasSize(2);
    }

    try (HttpClient http = HttpClient.newHttpClient()) {
      List<Member> members = new ArrayList<>();
      List<WebSocket> sockets = new ArrayList<>();
      for (int i = 0; i < MEMBERS; i++) {
        Member member = new Member();
        URI address = URI.create("ws://127.0.0.1:" + arbiter.port() + "/ws/m" + i + "?room=tea");
        sockets.add(http.newWebSocketBuilder().buildAsync(address, member).join());
        member.awaitLine("m" + i + " has come");
        members.add(member);
      }
      for (int i = 0; i < MEMBERS; i++) {
        sockets.get(i).sendText("hello", true).join();
        for (Member member : members) {
          member.awaitLine("m" + i + ": hello");
        }
      }
      sockets.forEach(WebSocket::abort);
    }
  }
}
