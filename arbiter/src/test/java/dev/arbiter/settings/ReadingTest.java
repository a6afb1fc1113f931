package dev.arbiter.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The small readers: words, dotenv files, the machine, the nearest name, TOML's own forms. */
final class ReadingTest {

  private static final Machine MACHINE = new Machine(8, 1L << 40);

  @TempDir Path folder;

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.resolve("..").normalize());
    return Files.writeString(file, text);
  }

  private Config config(String toml) throws IOException, SettingsException {
    write("arbiter.toml", toml);
    return Config.load(List.of(), Map.of(), folder, () -> MACHINE);
  }

  @Test
  void atomsThatNobodyKnowsAreSaidOfAnAccessLogThatIsOn() throws IOException, SettingsException {
    String format = "access-logformat = \"%(h)s %(Z)s %({a}h)s %%\"\n";
    assertThat(config(format).notices()).isEmpty();
    assertThat(config("access-log = true\n" + format).notices())
        .containsExactly(
            "arbiter.toml:2:1: access-logformat: %(Z)s %({a}h)s are not known, and printed as -");
    assertThat(config("access-log = true\n").notices()).isEmpty();
  }

  @Test
  void wordsAreThoseOfAShell() throws SettingsException {
    assertThat(Words.split(" a  'b c' \"d \\\"e\" f\\ g '' h'i'j \"\\n\"", ""))
        .containsExactly("a", "b c", "d \"e", "f g", "", "hij", "\\n");
    assertThat(Words.split("", "")).isEmpty();
    assertThatThrownBy(() -> Words.split("a 'b", "ARBITER_ARGS"))
        .hasMessage("ARBITER_ARGS: expected a closing ' in a 'b");
  }

  @Test
  void dotenvFiles() throws IOException, SettingsException {
    Path file =
        write(
            "a.env",
            """
            # comment
            A=1
            export B = two words # comment
            C='single $x \\n' # comment
            D="double\\n\\"x\\""
            E=
            F=a=b#c
            """);
    assertThat(EnvFile.read(file, Source.DEFAULT, "a.env"))
        .isEqualTo(
            Map.of(
                "A",
                "1",
                "B",
                "two words",
                "C",
                "single $x \\n",
                "D",
                "double\n\"x\"",
                "E",
                "",
                "F",
                "a=b#c"));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "nonsense, a.env:2: nonsense: expected NAME=VALUE",
        "1A=x, a.env:2: 1A=x: expected NAME=VALUE",
        "A='x, a.env:2: 'x: expected a closing '",
        "A=\"x\" y, a.env:2: \"x\" y: expected nothing after the closing quote",
      })
  void dotenvMistakesNameTheLine(String line, String message) throws IOException {
    Path file = write("a.env", "A=1\n" + line + "\n");
    assertThatThrownBy(() -> EnvFile.read(file, Source.DEFAULT, "a.env")).hasMessage(message);
  }

  @Test
  void memoryIsThatOfTheSmallestGroupAround() throws IOException {
    write("proc/meminfo", "MemTotal:       8388608 kB\nMemFree: 1 kB\n");
    assertThat(Machine.under(folder, 4)).isEqualTo(new Machine(4, 8L << 30));
    write("proc/self/cgroup", "0::/a.slice/b.scope\n");
    write("sys/fs/cgroup/a.slice/memory.max", "2147483648\n");
    write("sys/fs/cgroup/a.slice/b.scope/memory.max", "max\n");
    assertThat(Machine.under(folder, 4)).isEqualTo(new Machine(4, 2L << 30, true));
    write("sys/fs/cgroup/memory.max", "1073741824\n");
    assertThat(Machine.under(folder, 4).memory()).isEqualTo(1L << 30);
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assertThat(Machine.under(folder, 4).memory()).isEqualTo(1L << 30);
  }

  @Test
  void groupsOfTheFirstVersionLimitMemoryToo() throws IOException {
    write("proc/meminfo", "MemTotal:       8388608 kB\n");
    write("proc/self/cgroup", "4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n0::/\n");
    write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "536870912\n");
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1073741824\n");
    assertThat(Machine.under(folder, 4)).isEqualTo(new Machine(4, 512L << 20, true));
  }

  @ParameterizedTest
  @CsvSource({
    "0::/a, a/cpu.max, 150000 100000, 2",
    "0::/a, a/cpu.max, 50000 100000, 1",
    "0::/a, a/cpu.max, max 100000, 8",
    "0::/a/b, a/cpu.max, 300000 100000, 3",
    "0::/../../other, cpu.max, 200000 100000, 2",
  })
  void aQuotaOfProcessorTimeCountsAsProcessors(
      String groups, String file, String quota, int processors) throws IOException {
    write("proc/self/cgroup", groups + "\n");
    write("sys/fs/cgroup/" + file, quota + "\n");
    assertThat(Machine.under(folder, 8).cores()).isEqualTo(processors);
  }

  @Test
  void aQuotaOfTheFirstVersionCountsToo() throws IOException {
    write("proc/self/cgroup", "1:cpu,cpuacct:/a\n");
    write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000\n");
    write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assertThat(Machine.under(folder, 8).cores()).isEqualTo(3);
  }

  @Test
  void theMemoryOfThisMachineIsKnown() {
    assertThat(Machine.here().memory()).isBetween(64L << 20, 64L << 40);
  }

  @ParameterizedTest
  @CsvSource({
    "8, 1T, 8",
    "8, 1G, 4",
    "1, 1G, 2",
    "8, 512M, 2",
    "8, 500M, 1",
    "8, 100M, 1",
  })
  void automaticWorkersFollowCoresAndMemory(int cores, String memory, long workers)
      throws Mismatch, IOException, SettingsException {
    long bytes = Long.parseLong(new Type.Size(0, Long.MAX_VALUE, "").canonical(memory));
    write("arbiter.toml", "workers = \"auto\"");
    Config config = Config.load(List.of(), Map.of(), folder, () -> new Machine(cores, bytes));
    assertThat(config.number("workers")).isEqualTo(workers);
  }

  @Test
  void theMemorySettingLimitsAutomaticWorkers() throws IOException, SettingsException {
    assertThat(config("workers = \"auto\"\nmemory = \"1G\"").number("workers")).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "worker, workers",
    "wrokers, workers",
    "time-out, timeout",
    "worker-clas, worker-class",
    "max-request, max-requests",
  })
  void theNearestName(String typed, String meant) {
    assertThat(Nearest.of(typed, Settings.keys())).contains(meant);
  }

  @Test
  void nothingIsNearNonsense() {
    assertThat(Nearest.of("frobnicate", Settings.keys())).isEmpty();
    assertThat(Nearest.of("x", Settings.keys())).isEmpty();
    assertThat(Nearest.distance("abc", "acb")).isEqualTo(1);
  }

  @Test
  void tomlsOwnFormsAreTaken() throws IOException, SettingsException {
    Config config =
        config(
            """
            workers = 4
            timeout = 90
            keep_alive = 0.5
            header-timeout = "1m"
            limit-request-body = 1048576
            limit-request-line = "8k"
            http = 1
            date-header = false
            bind = ["a:1", "unix:/run/a"]
            java-opts = "-Xss1m '-Dx=a b'"
            classpath = ["a.jar", "b.jar"]
            env = {A = "1", "B.C" = "x=y"}
            static = {"/a" = "b"}
            uds-permissions = "660"
            loglevel = "DEBUG"
            canary = "1/5m"
            app = "app:App"
            """);
    assertThat(config.number("workers")).isEqualTo(4);
    assertThat(config.list("static")).containsExactly("/a=b");
    assertThat(config.duration("timeout")).hasSeconds(90);
    assertThat(config.duration("keep-alive")).hasMillis(500);
    assertThat(config.duration("header-timeout")).hasMinutes(1);
    assertThat(config.size("limit-request-body")).isEqualTo(1 << 20);
    assertThat(config.size("limit-request-line")).isEqualTo(8192);
    assertThat(config.text("http")).isEqualTo("1");
    assertThat(config.flag("date-header")).isFalse();
    assertThat(config.list("bind")).containsExactly("a:1", "unix:/run/a");
    assertThat(config.list("java-opts")).containsExactly("-Xss1m", "-Dx=a b");
    assertThat(config.list("classpath")).containsExactly("a.jar", "b.jar");
    assertThat(config.list("env")).containsExactlyInAnyOrder("A=1", "B.C=x=y");
    assertThat(config.text("uds-permissions")).isEqualTo("0660");
    assertThat(config.text("log-level")).isEqualTo("debug");
    assertThat(config.text("app")).isEqualTo("app:App");
    assertThat(config.has("canary")).isTrue();
  }

  @Test
  void oneBindNeedsNoList() throws IOException, SettingsException {
    assertThat(config("bind = \":80\"").binds()).containsExactly(new BindAddress.Tcp("", 80));
  }

  @Test
  void askingForTheWrongKindOfSettingIsAMistakeInTheProgram() throws Exception {
    Config config = config("");
    assertThatThrownBy(() -> config.number("timeout"))
        .hasMessage("the setting timeout is not a number");
    assertThatThrownBy(() -> config.text("nonsense")).hasMessage("no setting is called nonsense");
  }

  @Test
  void aValueWithLineBreaksStillMakesOneLine() {
    assertThatThrownBy(() -> config("timeout = \"\"\"a\nb\"\"\""))
        .hasMessageContaining("expected a duration")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aFileInAnotherEncodingIsSaidToBe() throws IOException {
    Path file = Files.write(folder.resolve("arbiter.toml"), new byte[] {'#', (byte) 0xe9, '\n'});
    assertThatThrownBy(() -> Config.load(List.of(), Map.of(), folder, () -> MACHINE))
        .hasMessage("arbiter.toml: the settings file cannot be read: it is not UTF-8");
    assertThat(file).exists();
  }
}
