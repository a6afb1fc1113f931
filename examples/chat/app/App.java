package app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import dev.arbiter.app.WebSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Rooms to talk in: a WebSocket at {@code /ws/{client}?room=NAME} hears what others in the room
 * say. The members are this process's own; what is said reaches those of other workers over a
 * {@link Bus}, if {@code CHAT_BUS} names a folder for it.
 */
public final class App implements BlockingApp {
  private static final String PATH = "/ws/";

  /** Who has left a room while it was spoken to is no reason for the others not to hear. */
  private record Member(String name, WebSocket socket) {
    void tell(String line) {
      try {
        socket.sendText(line);
      } catch (IOException _) {
        // Its own handler hears of the end, and takes it out of the room.
      }
    }
  }

  private final Map<String, Set<Member>> rooms = new ConcurrentHashMap<>();
  private final Optional<Path> folder;
  private volatile Optional<Bus> bus = Optional.empty();

  /** As the environment says. */
  public App() {
    this(Optional.ofNullable(System.getenv("CHAT_BUS")).map(Path::of));
  }

  App(Optional<Path> folder) {
    this.folder = folder;
  }

  @Override
  public void startup(Lifespan lifespan) throws IOException {
    if (folder.isPresent()) {
      bus = Optional.of(Bus.join(folder.get(), this::heard));
    }
  }

  @Override
  public void shutdown() throws IOException {
    if (bus.isPresent()) {
      bus.get().close();
    }
  }

  /** A line of another worker: the room, a tab, what was said. */
  private void heard(String line) {
    int tab = line.indexOf('\t');
    tellHere(line.substring(0, tab), line.substring(tab + 1));
  }

  @Override
  public Response handle(Request request) {
    String path = request.path();
    if (!path.startsWith(PATH) || path.length() == PATH.length()) {
      return Response.text("Connect a WebSocket to /ws/NAME?room=ROOM\n").withStatus(404);
    }
    String name = path.substring(PATH.length());
    String room = room(request.query());
    return Response.webSocket(socket -> talk(room, new Member(name, socket)));
  }

  private static String room(String query) {
    for (String pair : query.split("&")) {
      if (pair.startsWith("room=")) {
        return URLDecoder.decode(pair.substring(5), UTF_8).replaceAll("\\s", " ");
      }
    }
    return "lobby";
  }

  /** A member's time in a room, from its first word to its last. */
  private void talk(String room, Member member) throws IOException {
    enter(room, member);
    try {
      while (member.socket().receive() instanceof WebSocket.Message.Text(String text)) {
        tell(room, member.name() + ": " + text);
      }
    } finally {
      leave(room, member);
    }
  }

  private void enter(String room, Member member) {
    rooms.compute(
        room,
        (_, members) -> {
          Set<Member> all = members == null ? ConcurrentHashMap.newKeySet() : members;
          all.add(member);
          return all;
        });
    tell(room, member.name() + " has come");
  }

  private void leave(String room, Member member) {
    rooms.computeIfPresent(
        room,
        (_, members) -> {
          members.remove(member);
          return members.isEmpty() ? null : members;
        });
    tell(room, member.name() + " has gone");
  }

  private void tell(String room, String line) {
    tellHere(room, line);
    bus.ifPresent(
        others -> {
          try {
            others.tell(room + "\t" + line.replaceAll("\\R", " "));
          } catch (IOException failed) {
            throw new UncheckedIOException(failed);
          }
        });
  }

  private void tellHere(String room, String line) {
    rooms.getOrDefault(room, Set.of()).forEach(member -> member.tell(line));
  }
}
