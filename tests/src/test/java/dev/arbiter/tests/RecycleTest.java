package dev.arbiter.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Planned replacement: by requests, by age, by what a worker holds. How it leaves is each kind's
 * own; what it looks at besides its requests is the same code in both.
 */
@Tag("slow")
final class RecycleTest {
  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void recyclingUnderKeepAliveLoadLosesNothing(String kind) throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .workers(2)
            .args("--max-requests", "50", "--max-requests-jitter", "10")
            .faulty()
            .start();
    Set<Long> first = arbiter.awaitServing(2);

    try (LoadClients load = LoadClients.start(arbiter.port(), 16, 0, "/", Duration.ofMillis(5))) {
      Await.until("six workers have taken part", Limits.CHANGE, () -> load.byWorker().size() >= 6);
      Await.until(
          "the first have left", Limits.CHANGE, () -> first.stream().noneMatch(Proc::alive));
      assertThat(load.stop()).isEmpty();
    }
    assertThat(arbiter.log().contains(Pattern.compile("max-requests"))).isTrue();
  }

  @Test
  void recyclingByAgeUnderLoadLosesNothing() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(2)
            .args("--max-lifetime", "3", "--max-lifetime-jitter", "2")
            .faulty()
            .start();

    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/", Duration.ofMillis(20))) {
      Await.until("four workers have taken part", Limits.CHANGE, () -> load.byWorker().size() >= 4);
      assertThat(load.stop()).isEmpty();
    }
    arbiter
        .log()
        .await(Pattern.compile("has served for \\d+ s \\(max-lifetime 3 s"), Limits.ANSWER);
  }

  @Test
  void workerThatLeaksIsReplacedBeforeItsHeapIsFull() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("sync")
            .args("--worker-heap", "64M", "--java-opts", "-XX:+UseSerialGC")
            .args("--max-heap-after-gc", "50", "--heartbeat-interval", "250ms")
            .faulty()
            .start();
    long leaking = arbiter.awaitServing(1).iterator().next();
    Pattern asked =
        Pattern.compile(
            "\\(pid "
                + leaking
                + "\\) asks to be replaced: its heap is \\d+% full after a"
                + " collection, \\d+ MB of \\d+ MB \\(max-heap-after-gc 50%\\)");

    try (LoadClients load = LoadClients.start(arbiter.port(), 4, 4, "/", Duration.ofMillis(20));
        RawClient leak = arbiter.connect()) {
      for (int i = 0; i < 55 && !arbiter.log().contains(asked); i++) {
        assertThat(leak.get("/leak?mb=1").status()).isEqualTo(200);
        Await.throughout("it serves", Duration.ofMillis(100), () -> Proc.alive(leaking));
      }
      arbiter.log().await(asked, Limits.ANSWER);
      Await.until("it is replaced", Limits.CHANGE, () -> !Proc.alive(leaking));
      assertThat(load.stop()).isEmpty();
    }
  }

  @Test
  void workerWhoseMemoryGrowsIsReplaced() throws Exception {
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .args("--worker-heap", "400M", "--max-rss", "350M")
            .faulty()
            .start();
    long grown = arbiter.awaitServing(1).iterator().next();

    try (RawClient client = arbiter.connect()) {
      assertThat(client.get("/leak?mb=300").status()).isEqualTo(200);
      arbiter
          .log()
          .await(
              Pattern.compile("its resident memory is \\d+ MB \\(max-rss 350 MB\\)"),
              Limits.CHANGE);
      Await.until("it is replaced", Limits.CHANGE, () -> !Proc.alive(grown));
    }
    assertThat(arbiter.awaitServing(1)).doesNotContain(grown);
  }

  @Test
  void classesBuffersAndMemoryBeyondTheHardLimitAreReasonsToo() throws Exception {
    arbiters.expectError("more than --max-rss-hard allows");
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind("netty")
            .workers(3)
            .args("--worker-heap", "400M", "--heartbeat-interval", "250ms")
            .args("--max-rss-hard", "380M", "--max-metaspace", "40M", "--max-direct", "64M")
            .args("--keep-alive", "60") // the connections wait for each other
            .faulty()
            .start();
    List<Long> workers = List.copyOf(arbiter.awaitServing(3));

    try (RawClient classes = arbiter.connectTo(workers.get(0));
        RawClient buffers = arbiter.connectTo(workers.get(1));
        RawClient memory = arbiter.connectTo(workers.get(2))) {
      classes.request("/metaspace?n=8000");
      buffers.request("/direct?mb=96");
      memory.request("/leak?mb=300");

      awaitReason(arbiter, workers.get(0), "asks to be replaced: .*\\(max-metaspace 40 MB\\)");
      awaitReason(arbiter, workers.get(1), "asks to be replaced: .*\\(max-direct 64 MB\\)");
      awaitReason(
          arbiter, workers.get(2), "has \\d+ MiB, more than --max-rss-hard allows \\(380 MiB\\)");
    }
    arbiter.awaitReplaced(Set.copyOf(workers), 3);
    JsonNode deaths = Ctl.run(arbiters, "status", "--json").json().path("deaths");
    assertThat(deaths).as("who only asked is none").hasSize(1);
    assertThat(deaths.get(0).path("pid").asLong()).isEqualTo(workers.get(2));
    // Its cause is "overweight", or "early" where all this took less than five seconds.
    assertThat(deaths.get(0).path("text").asText()).contains("--max-rss-hard allows (380 MiB)");
  }

  private static void awaitReason(ArbiterProcess arbiter, long worker, String reason)
      throws InterruptedException {
    arbiter.log().await(Pattern.compile("\\(pid " + worker + "\\) " + reason), Limits.CHANGE);
  }

  @EachKind
  void replacementIsReadyBeforeTheOldOneDrains(String kind) throws Exception {
    Path folder = arbiters.folder();
    Path gate = Files.createFile(folder.resolve("gate"));
    Path asked = folder.resolve("asked");
    SourceApp.write(
        folder,
        SourceApp.blocking(
            "\"hello\"",
            """
            @Override
            public void startup(Lifespan l) throws Exception {
              java.nio.file.Path gate = java.nio.file.Path.of(System.getenv("GATE"));
              if (!java.nio.file.Files.exists(gate)) {
                java.nio.file.Files.createFile(gate.resolveSibling("asked"));
              }
              while (!java.nio.file.Files.exists(gate)) {
                Thread.sleep(20);
              }
            }
            """));
    ArbiterProcess arbiter =
        arbiters
            .command()
            .kind(kind)
            .env("GATE", gate.toString())
            .args("--max-requests", "5")
            .app("--chdir", folder.toString(), "app:App")
            .start();
    Files.delete(gate); // whoever starts now does not become ready

    try (RawClient client = arbiter.connect()) {
      long old = client.pid();
      for (int i = 0; i < 6; i++) {
        assertThat(client.get("/").status()).isEqualTo(200);
      }
      Await.until("the replacement starts", Limits.CHANGE, () -> Files.exists(asked));
      for (int i = 0; i < 20; i++) {
        assertThat(client.get("/").close())
            .as("it goes on, with its replacement not ready")
            .isFalse();
        try (RawClient other = arbiter.connect()) {
          assertThat(other.pid()).isEqualTo(old);
        }
      }

      Files.createFile(gate);
      Await.until("the old one drains", Limits.CHANGE, () -> client.get("/").close());
      assertThat(arbiter.awaitReplaced(Set.of(old), 1)).hasSize(1);
    }
  }
}
