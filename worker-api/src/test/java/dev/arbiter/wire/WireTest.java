package dev.arbiter.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.wire.Message.Configure;
import dev.arbiter.wire.Message.ListenerInfo;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WireTest {
  private static final Vitals VITALS =
      new Vitals(
          7,
          List.of(12L, 34L),
          56,
          1000,
          3,
          20,
          9,
          50,
          1 << 20,
          64 << 20,
          5,
          80 << 20,
          11,
          22,
          List.of(0L, 990L, 1L, 9L, 0L),
          List.of(1L, 2L, 3L),
          0,
          2 << 20,
          30 << 20,
          4 << 20,
          75,
          2,
          1500);

  static Stream<Message> everyMessage() {
    return Stream.of(
        new Message.Hello(1, 4711, "netty"),
        new Message.Phase("loading app", 123_456_789),
        new Message.Ready("app:App"),
        new Message.Beat(VITALS),
        new Message.RecycleMe("served 53 requests"),
        new Message.Draining(3, 1),
        new Message.Evidence(9, true, "threads\n\u00e9"),
        new Message.Failed("loading app", 4, "no class", "compile it"),
        new Message.Say("warning", "look"),
        new Message.Slow("1.2s GET /", 1200, "app.App.handle(App.java:7)"),
        new Message.Probed(5, 503, 12, "the queue is full"),
        new Configure(
            1, 4, 2, List.of(new ListenerInfo(6, "http://[::1]:80", false)), Map.of("a", "b")),
        new Message.Accept(),
        new Message.Eject(),
        new Message.Drain("reload", 30_000, 5_000),
        new Message.Collect(3, "state threads", "/incidents/1"),
        new Message.Reopen(),
        Message.Keys.of(List.of(new byte[32], new byte[] {1, 2, 3})),
        new Message.Stop("now"),
        new Message.Probe(5, "/health"),
        new Message.Queues(List.of(6L, 9L)),
        new Message.Closing(List.of(7L)),
        new Message.Unknown(999));
  }

  @ParameterizedTest
  @MethodSource("everyMessage")
  void everyMessageComesBackAsItWas(Message message) throws Exception {
    assertThat(decode(encode(message))).containsExactly(message);
  }

  @ParameterizedTest
  @MethodSource("everyMessage")
  void aMessageInSinglesBytesIsPutTogether(Message message) throws Exception {
    Wire.Decoder decoder = Wire.Decoder.toWorker();
    byte[] frame = encode(message);
    for (int i = 0; i < frame.length - 1; i++) {
      assertThat(decoder.take(new byte[] {frame[i]}, 1)).isEmpty();
    }
    assertThat(decoder.take(new byte[] {frame[frame.length - 1]}, 1)).containsExactly(message);
  }

  @Test
  void theBytesOfHelloStayWhatTheyAre() {
    assertThat(HexFormat.of().formatHex(Wire.encode(new Message.Hello(1, 258, "netty"))))
        .isEqualTo(
            "0000001f" // length
                + "0001" // type
                + "0000000000000001" // version
                + "0000000000000102" // pid
                + "00000000000000056e65747479"); // kind
  }

  @Test
  void theBytesOfDrainStayWhatTheyAre() {
    assertThat(HexFormat.of().formatHex(Wire.encode(new Message.Drain("stop", 30_000, 1_000))))
        .isEqualTo(
            "0000001e"
                + "0068"
                + "000000000000000473746f70"
                + "0000000000007530"
                + "00000000000003e8");
  }

  @Test
  void theBytesOfProbeAndProbedStayWhatTheyAre() {
    assertThat(HexFormat.of().formatHex(Wire.encode(new Message.Probe(5, "/up"))))
        .isEqualTo("00000015" + "006d" + "0000000000000005" + "00000000000000032f7570");
    assertThat(HexFormat.of().formatHex(Wire.encode(new Message.Probed(5, 503, 12, "no"))))
        .isEqualTo(
            "00000024"
                + "000b"
                + "0000000000000005"
                + "00000000000001f7"
                + "000000000000000c"
                + "00000000000000026e6f");
  }

  @Test
  void theBytesOfSlowStayWhatTheyAre() {
    assertThat(HexFormat.of().formatHex(Wire.encode(new Message.Slow("GET /", 1200, "at x"))))
        .isEqualTo(
            "00000023"
                + "000a"
                + "0000000000000005474554202f"
                + "00000000000004b0"
                + "000000000000000461742078");
  }

  @Test
  void theBeatOfAnOlderWorkerHasZeroForWhatItDidNotCount() throws Exception {
    byte[] frame = Wire.encode(new Message.Beat(VITALS));
    byte[] older = Arrays.copyOf(frame, frame.length - 6 * 8);
    ByteBuffer.wrap(older).putInt(older.length - 4);
    Vitals vitals = ((Message.Beat) decode(older).getFirst()).vitals();
    assertThat(vitals.done()).isEqualTo(VITALS.done());
    assertThat(vitals.latency()).isEqualTo(VITALS.latency());
    assertThat(vitals.heapUsed() + vitals.direct() + vitals.overdueMillis()).isZero();
  }

  @Test
  void fieldsOfANewerWriterAreSkipped() throws Exception {
    byte[] frame = Wire.encode(new Message.Ready("app:App"));
    byte[] longer = Arrays.copyOf(frame, frame.length + 9);
    longer[3] = (byte) (longer[3] + 9);
    assertThat(decode(longer)).containsExactly(new Message.Ready("app:App"));
  }

  @Test
  void fieldsAnOlderWriterDidNotKnowAreEmpty() throws Exception {
    byte[] frame = {0, 0, 0, 2, 0, 8};
    assertThat(decode(frame)).containsExactly(new Message.Failed("", 0, "", ""));
  }

  @Test
  void aFrameLongerThanTheBoundIsRefused() {
    byte[] head = {0, 1, 0, 0, 0, 1};
    assertThatThrownBy(() -> Wire.Decoder.fromWorker().take(head, head.length))
        .isInstanceOf(Wire.ProtocolException.class)
        .hasMessageContaining("65536");
  }

  @Test
  void aCountThatPromisesMoreThanTheFrameHoldsIsHarmless() throws Exception {
    byte[] frame = Wire.encode(new Message.Beat(VITALS));
    Arrays.fill(frame, 14, 22, (byte) 0x7f); // the number of loops
    assertThat(decode(frame)).hasSize(1).first().isInstanceOf(Message.Beat.class);
  }

  @Test
  void theLongestBeatFitsAnAtomicWrite() {
    List<Long> loops = Collections.nCopies(128, 123_456L);
    List<Long> latency = Collections.nCopies(24, 99L);
    Vitals vitals =
        new Vitals(
            1, loops, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, latency, latency, 1, 1, 1, 1, 1, 1, 1);
    assertThat(Wire.encode(new Message.Beat(vitals)).length).isLessThanOrEqualTo(4096);
  }

  @Test
  void aTextTooLongForAnAtomicWriteIsCutAndSaysSo() throws Exception {
    byte[] frame = Wire.encode(new Message.Failed("phase", 4, "x".repeat(9_000), "hint"));
    assertThat(frame.length).isLessThanOrEqualTo(4096);
    Message.Failed failed = (Message.Failed) decode(frame).getFirst();
    assertThat(failed.cause()).endsWith("(cut short)");
    assertThat(failed.hint()).isEqualTo("hint");
  }

  private static byte[] encode(Message message) {
    return message instanceof Message.ToWorker to && !(message instanceof Message.Unknown)
        ? Wire.encode(to)
        : Wire.encode((Message.FromWorker) message);
  }

  private static List<Message> decode(byte[] frame) throws Wire.ProtocolException {
    return Wire.Decoder.toWorker().take(frame, frame.length);
  }
}
