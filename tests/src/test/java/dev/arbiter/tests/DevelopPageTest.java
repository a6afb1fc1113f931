package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code --reload}: what whoever sits in front of it is greeted with, and who serves the page. */
@Tag("slow")
final class DevelopPageTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  /** The arbiter answers nobody: an app that is broken must not bring HTTP into it. */
  @EachKind
  void thePageIsAWorkersAndItsFormIsTheClients(String kind) throws Exception {
    arbiters.expectError("does not compile|error:");
    SourceApp.write(arbiters.folder(), SourceApp.blocking("no such thing"));
    ArbiterProcess arbiter = arbiters.command().kind(kind).args("--reload").app("app:App").start();

    arbiter
        .log()
        .await(
            Pattern.compile(
                "Development: http://127\\.0\\.0\\.1:%d \\(pid %d, %s worker, JDK %s\\)"
                    .formatted(
                        arbiter.port(),
                        arbiter.pid(),
                        kind,
                        Pattern.quote(Runtime.version().toString()))),
            Limits.START);

    try (RawClient client = RawClient.tcp(arbiter.address(), Limits.CHANGE)) {
      Answer browser = ask(client, "text/html,application/xhtml+xml,*/*;q=0.8");
      assertThat(browser.status()).isEqualTo(500);
      assertThat(browser.header("content-type")).contains("text/html; charset=utf-8");
      assertThat(browser.body()).startsWith("<!doctype html>").contains("App.java:");

      Answer curl = ask(client, "*/*");
      assertThat(curl.status()).isEqualTo(500);
      assertThat(curl.header("content-type")).contains("text/plain; charset=utf-8");
      assertThat(curl.body()).contains("App.java:").doesNotContain("<html", "<pre");

      List<Long> holders = new ArrayList<>();
      for (long pid : arbiters.processes()) {
        if (Proc.clientPorts(pid, arbiter.port()).contains(client.localPort())) {
          holders.add(pid);
        }
      }
      assertThat(holders)
          .as(
              "who holds the connection on which it came: a worker, and not arbiter %s",
              arbiter.pid())
          .hasSize(1)
          .isSubsetOf(arbiter.workers());
    }
  }

  private static Answer ask(RawClient client, String accept) throws Exception {
    return client.head("GET / HTTP/1.1", "Host: test", "Accept: " + accept).answer();
  }
}
