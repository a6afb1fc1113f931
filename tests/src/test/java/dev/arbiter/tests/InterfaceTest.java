package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --interface}, for a class that can be taken for an app of two kinds. */
@Tag("slow")
final class InterfaceTest {
  private static final String BOTH =
      """
      package app;

      import com.sun.net.httpserver.HttpExchange;
      import com.sun.net.httpserver.HttpHandler;
      import dev.arbiter.app.AsyncApp;
      import dev.arbiter.app.Headers;
      import dev.arbiter.app.Receive;
      import dev.arbiter.app.Scope;
      import dev.arbiter.app.Send;
      import dev.arbiter.app.SendEvent.ResponseBody;
      import dev.arbiter.app.SendEvent.ResponseStart;
      import java.io.IOException;
      import java.nio.ByteBuffer;
      import java.util.concurrent.CompletionStage;

      public final class App implements AsyncApp, HttpHandler {
        @Override
        public void handle(HttpExchange exchange) throws IOException {
          exchange.sendResponseHeaders(200, 3);
          exchange.getResponseBody().write("jdk".getBytes());
          exchange.close();
        }

        @Override
        public CompletionStage<Void> handle(Scope scope, Receive receive, Send send) {
          return send.send(new ResponseStart(200, Headers.empty()))
              .thenCompose(
                  _ -> send.send(new ResponseBody(ByteBuffer.wrap("async".getBytes()), false)));
        }
      }
      """;

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @Test
  void itIsTheOneThatIsAskedForAndNoneThatItIsNot() throws Exception {
    arbiters.expectError("is of type async, not blocking");
    SourceApp.write(arbiters.folder(), BOTH);
    ArbiterProcess jdk = as("jdk").launch();
    ArbiterProcess async = as("async").launch();

    assertThat(answer(jdk)).isEqualTo("jdk");
    assertThat(answer(async)).isEqualTo("async");

    Command.Finished refused = as("blocking").run(Limits.START);
    assertThat(refused.exitCode()).isEqualTo(4);
    assertThat(refused.log().text())
        .contains("app.App is of type async, not blocking", "or set it to async");
  }

  private Command as(String type) {
    return arbiters
        .command()
        .kind("netty")
        .args("--name", type, "--interface", type)
        .app("app:App");
  }

  private static String answer(ArbiterProcess arbiter) throws Exception {
    try (RawClient client = arbiter.connect()) {
      return client.get("/").body();
    }
  }
}
