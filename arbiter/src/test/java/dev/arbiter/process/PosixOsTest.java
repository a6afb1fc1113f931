package dev.arbiter.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** On the real kernel: what a child is given, and what it is not. */
class PosixOsTest {
  private static final PosixOs OS = new PosixOs();

  @Test
  void aChildHasTheDescriptorsItIsGivenAndNoOther() throws Exception {
    try (ServerSocketChannel leak = ServerSocketChannel.open()) {
      leak.bind(new InetSocketAddress("127.0.0.1", 0)); // opened by the JDK without close-on-exec
      Os.Pipe extra = OS.pipe();
      // The shell's own descriptors would confuse it: ls is a child that opens only the directory.
      String listed = run(List.of("/bin/ls", "/proc/self/fd"), List.of(extra.readEnd()));
      OS.close(extra.readEnd());
      OS.close(extra.writeEnd());

      assertThat(listed.lines()).containsExactly("0", "1", "2", "3", "4");
    }
  }

  @Test
  void aChildBlocksAndIgnoresNoSignal() throws Exception {
    String status = run(List.of("/bin/cat", "/proc/self/status"), List.of());

    assertThat(status)
        .containsPattern("SigBlk:\\s+0000000000000000")
        .containsPattern("SigIgn:\\s+0000000000000000");
  }

  @Test
  void aChildLeadsItsOwnProcessGroup() throws Exception {
    String[] stat = run(List.of("/bin/cat", "/proc/self/stat"), List.of()).split(" ");

    assertThat(stat[4]).as("process group").isEqualTo(stat[0]);
  }

  @Test
  void descriptorZeroIsDevNull() throws Exception {
    assertThat(run(List.of("/bin/readlink", "/proc/self/fd/0"), List.of()))
        .isEqualTo("/dev/null\n");
  }

  @Test
  void aChildHasTheEnvironmentItIsGivenAndNoOther() throws Exception {
    assertThat(run(List.of("/usr/bin/env"), List.of())).isEqualTo("GIVEN=yes\n");
  }

  @Test
  void aProgramThatIsNotThereIsNamedWithTheReason() {
    assertThatThrownBy(() -> run(List.of("/nonexistent/java"), List.of()))
        .isInstanceOf(IOException.class)
        .hasMessage("Cannot start /nonexistent/java: no such file or directory");
  }

  @Test
  void aFailedSpawnLeavesNoDescriptorBehind() throws Exception {
    assertThatThrownBy(() -> run(List.of("/nonexistent/java"), List.of()));
    long before = descriptors();
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(() -> run(List.of("/nonexistent/java"), List.of()));
    }
    assertThat(descriptors()).isEqualTo(before);
  }

  @Test
  void theExitCodeIsReapedOnce() throws Exception {
    long pid = OS.spawn(new Os.Child(List.of("/bin/sh", "-c", "exit 7"), Map.of(), List.of(-1)));

    assertThat(awaitExit(pid) >> 8).isEqualTo(7);
  }

  @Test
  void aChildThatSomebodyElseHasReapedHasEndedAndNobodyKnowsHow() throws Exception {
    long pid = OS.spawn(new Os.Child(List.of("/bin/true"), Map.of(), List.of(-1)));
    awaitExit(pid);

    assertThat(OS.reap(pid)).hasValue(255 << 8);
  }

  @Test
  void aSignalEndsAChild() throws Exception {
    long pid = OS.spawn(new Os.Child(List.of("/bin/sleep", "60"), Map.of(), List.of(-1)));
    assertThat(OS.reap(pid)).isEmpty();

    OS.signal(pid, 9);

    assertThat(awaitExit(pid) & 0x7f).isEqualTo(9);
  }

  @Test
  void writingToAPipeThatIsFullSaysSoAndWritesNothing() throws Exception {
    Os.Pipe pipe = OS.pipe();
    Kernel.nonBlocking(pipe.writeEnd(), true);
    byte[] frame = new byte[4096];
    int written = 0;
    while (OS.writeNow(pipe.writeEnd(), frame)) {
      written += frame.length;
    }
    assertThat(written).isEqualTo(64 * 1024);
    OS.close(pipe.readEnd());
    OS.close(pipe.writeEnd());
  }

  @Test
  void theStateOfAProcessIsRead() throws Exception {
    long pid = OS.spawn(new Os.Child(List.of("/bin/sleep", "60"), Map.of(), List.of(-1)));
    OS.signal(pid, 19);
    long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (ProcessState.letter(pid) != 'T' && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(ProcessState.letter(pid)).isEqualTo('T');
    OS.signal(pid, 9);
    awaitExit(pid);
    assertThat(ProcessState.letter(pid)).isEqualTo(' ');
  }

  private static long descriptors() throws IOException {
    try (var fds = java.nio.file.Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
      return fds.count();
    }
  }

  /** Runs a command with descriptors 0 to 2 and these, and gives what it prints. */
  private static String run(List<String> command, List<Integer> more) throws IOException {
    Os.Pipe output = OS.pipe();
    List<Integer> descriptors =
        new java.util.ArrayList<>(List.of(-1, output.writeEnd(), output.writeEnd()));
    descriptors.addAll(more);
    long pid;
    try {
      pid = OS.spawn(new Os.Child(command, Map.of("GIVEN", "yes"), descriptors));
    } catch (IOException e) {
      OS.close(output.readEnd());
      throw e;
    } finally {
      OS.close(output.writeEnd());
    }
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    for (int n = OS.read(output.readEnd(), buffer); n > 0; n = OS.read(output.readEnd(), buffer)) {
      printed.write(buffer, 0, n);
    }
    OS.close(output.readEnd());
    awaitExit(pid);
    return printed.toString(UTF_8);
  }

  private static int awaitExit(long pid) {
    ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join()); // does not reap
    OptionalInt status = OS.reap(pid);
    assertThat(status).isPresent();
    return status.getAsInt();
  }
}
