package dev.arbiter.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.loop.FleetView;
import dev.arbiter.observe.Identity;
import dev.arbiter.observe.StatusReport;
import dev.arbiter.supervise.FleetState;
import dev.arbiter.supervise.Tally;
import dev.arbiter.supervise.WorkerState;
import dev.arbiter.supervise.WorkerView;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lines of the control socket, written and read. */
final class ProtocolTest {
  /** Everything a report may hold. */
  public record Sample(
      int inFlight,
      String text,
      Instant at,
      List<Double> parts,
      Map<String, Long> counts,
      Optional<Sample> child) {}

  @Test
  void requestIsReadAsItWasWritten() throws IOException {
    Request request = new Request("scale", 4, false);
    assertThat(Request.read(request.line())).isEqualTo(request);
  }

  @Test
  void requestNeedsOnlyProtocolAndCommandAndMayHoldMore() throws IOException {
    assertThat(Request.read("{\"protocol\":1,\"command\":\"status\",\"colour\":[{}]}"))
        .isEqualTo(new Request("status", 0, true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                             | protocol",
        "{\"protocol\":2,\"command\":\"status\"}        | protocol 1",
        "{\"protocol\":1}                               | command",
        "{\"protocol\":1,\"command\":7}                 | command",
        "{\"protocol\":1,\"command\":\"x\",\"number\":-1} | number",
        "{\"protocol\":1,\"command\":\"x\",\"number\":1e9} | number",
        "{\"protocol\":1,\"command\":\"x\",\"number\":99999999999} | number",
        "{\"protocol\":1,\"command\":\"x\",\"wait\":1}  | wait",
        "[1]                                            | object",
        "{\"protocol\":1                                | end-of-input",
        "{} {}                                          | nothing after",
        "hello                                          | hello",
      })
  void requestThatIsWrongIsToldWhy(String line, String part) {
    assertThatThrownBy(() -> Request.read(line))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(part);
  }

  @Test
  void replyIsReadAsItWasWritten() throws IOException {
    String line = Reply.line(Reply.Outcome.FAILED, "two\nlines", Map.of("a", 1));
    assertThat(line).endsWith("\n").hasLineCount(1);
    assertThat(Reply.read(line))
        .isEqualTo(new Reply(Reply.Outcome.FAILED, "two\nlines", Map.of("a", 1L)));
  }

  @Test
  void recordsBecomeObjectsInSnakeCase() {
    Sample sample =
        new Sample(
            3,
            "a \"b\"",
            Instant.EPOCH,
            List.of(0.5),
            Map.of("2xx", 7L),
            Optional.of(new Sample(0, "", Instant.EPOCH, List.of(), Map.of(), Optional.empty())));
    assertThat(Json.write(sample))
        .isEqualTo(
            "{\"in_flight\":3,\"text\":\"a \\\"b\\\"\",\"at\":\"1970-01-01T00:00:00Z\","
                + "\"parts\":[0.5],\"counts\":{\"2xx\":7},\"child\":{\"in_flight\":0,\"text\":\"\","
                + "\"at\":\"1970-01-01T00:00:00Z\",\"parts\":[],\"counts\":{}}}");
  }

  @Test
  void ownUserRootAndWhereTheModeSaysTheGroupAreAdmitted() {
    Admission own = new Admission(1000, 100, false);
    assertThat(own.admits(1000, 5, 1)).isTrue();
    assertThat(own.admits(0, 0, 1)).isTrue();
    assertThat(own.admits(1001, 100, 1)).isFalse();
    Admission group = new Admission(1000, 100, true);
    assertThat(group.admits(1001, 100, 1)).isTrue();
    assertThat(group.admits(1001, 101, 0)).isFalse(); // no process has pid 0: no groups are found
  }

  @Test
  void statusNamesWhoWasLostLast() throws IOException {
    long second = 1_000_000_000;
    Identity arbiter = new Identity("arbiter", "1", 7, Instant.EPOCH, 50 * second);
    FleetView view =
        new FleetView(
            FleetState.STEADY,
            false,
            1,
            List.of(
                new WorkerView(
                    4, 0, false, 70, 1, WorkerState.SERVING, 51 * second, "", Optional.empty()),
                new WorkerView(
                    5, 1, false, 71, 1, WorkerState.BOOTING, 184 * second, "", Optional.empty())),
            Map.of(4, 184 * second + 500_000_000),
            Map.of("died", 2),
            List.of(
                new Tally.Death(52 * second, 0, 8, Tally.Cause.BOOT, "Worker 0 failed"),
                new Tally.Death(60 * second, 3, 9, Tally.Cause.DIED, "Worker 3 died\nat noon")),
            Optional.empty(),
            2,
            List.of(),
            185 * second);
    String json = Json.write(StatusReport.of(arbiter, view));
    assertThat(json)
        .contains(
            "\"deaths\":[{\"time\":\"1970-01-01T00:00:02Z\",\"slot\":0,\"pid\":8,"
                + "\"cause\":\"boot\",\"text\":\"Worker 0 failed\"},{\"time\":")
        .contains("\"last_beat\":\"1970-01-01T00:02:14.500Z\"")
        .containsOnlyOnce("last_beat\":\"");
    Map<String, Object> data = new LinkedHashMap<>(Json.readObject(json));
    assertThat(Views.render("status", data))
        .containsPattern("lost +2 workers, the last 2m 5s ago: Worker 3 died\n");
    data.remove("deaths"); // of an older arbiter
    assertThat(Views.render("status", data)).containsPattern("lost +-\n");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0ms",
    "999, 999ms",
    "1000, 1s",
    "61000, 1m 1s",
    "3600000, 1h",
    "100000000, 1d 3h",
  })
  void timeIsShownInItsTwoLargestUnits(long millis, String shown) {
    assertThat(Views.time(millis)).isEqualTo(shown);
  }
}
