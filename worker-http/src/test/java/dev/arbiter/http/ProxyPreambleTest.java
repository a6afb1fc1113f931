package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.http.ProxyPreamble.Mode;
import dev.arbiter.worker.WorkerSettings;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProxyPreambleTest {
  private static final ProxySettings SETTINGS =
      ProxySettings.from(new WorkerSettings(Map.of("forwarded-allow-ips", "127.0.0.1,10.0.0.1")));
  private static final Origin SOCKET =
      SETTINGS.origin(
          false,
          new InetSocketAddress("127.0.0.1", 7),
          new InetSocketAddress("127.0.0.1", 8),
          "http");
  private static final byte[] REST = "GET / HTTP/1.1\r\n\r\n".getBytes(ISO_8859_1);

  /** What comes of it: {@code source > destination}, or what is wrong. */
  private static String read(Mode mode, byte[] bytes) {
    String whole = read(mode, bytes, bytes.length);
    for (int step = 1; step < bytes.length; step += step < 20 ? 1 : 37) {
      assertThat(read(mode, bytes, step)).as("in parts of " + step).isEqualTo(whole);
    }
    for (int split = 1; split < bytes.length; split++) {
      ProxyPreamble preamble = new ProxyPreamble(mode);
      preamble.take(ByteBuffer.wrap(bytes, 0, split));
      ByteBuffer second = ByteBuffer.allocate(bytes.length - split + REST.length);
      second.put(bytes, split, bytes.length - split).put(REST).flip();
      preamble.take(second);
      assertThat(shown(preamble)).as("split at " + split).isEqualTo(whole);
      if (preamble.done()) {
        assertThat(second.remaining()).as("what is left, split at " + split).isEqualTo(REST.length);
      }
    }
    return whole;
  }

  private static String read(Mode mode, byte[] bytes, int step) {
    ProxyPreamble preamble = new ProxyPreamble(mode);
    ByteBuffer in = ByteBuffer.allocate(bytes.length + REST.length).put(bytes).put(REST).flip();
    while (in.position() < bytes.length && preamble.wants() > 0) {
      int count = Math.min(step, in.remaining());
      ByteBuffer part = in.slice(in.position(), count);
      preamble.take(part);
      in.position(in.position() + part.position());
      if (part.hasRemaining()) {
        break;
      }
    }
    if (preamble.done()) {
      assertThat(in.remaining()).as("what is left").isEqualTo(REST.length);
    }
    return shown(preamble);
  }

  private static String shown(ProxyPreamble preamble) {
    String fault = preamble.fault();
    if (fault != null) {
      assertThat(preamble.done()).isFalse();
      return fault;
    }
    if (!preamble.done()) {
      return "incomplete";
    }
    Origin origin = preamble.origin(SETTINGS, SOCKET);
    return text(origin.client())
        + " > "
        + text(origin.server())
        + (origin.trusted() ? " trusted" : "");
  }

  private static String text(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet
        ? inet.getAddress().getHostAddress() + ":" + inet.getPort()
        : "-";
  }

  private static void v1(String expected, String line) {
    byte[] bytes = line.getBytes(ISO_8859_1);
    assertThat(read(Mode.V1, bytes)).as(line).isEqualTo(expected);
    assertThat(read(Mode.AUTO, bytes)).as(line).isEqualTo(expected);
  }

  private static void v2(String expected, byte[] bytes) {
    String as = Arrays.toString(bytes);
    assertThat(read(Mode.V2, bytes)).as(as).isEqualTo(expected);
    assertThat(read(Mode.AUTO, bytes)).as(as).isEqualTo(expected);
  }

  @Test
  void lines() {
    v1("1.2.3.4:56 > 5.6.7.8:80", "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1("0.0.0.0:0 > 0.0.0.0:0", "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n");
    v1(
        "255.255.255.255:65535 > 255.255.255.255:65535",
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n");
    v1("2001:db8:0:0:0:0:0:1:1 > 0:0:0:0:0:0:0:1:2", "PROXY TCP6 2001:db8::1 ::1 1 2\r\n");
    String longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    v1(
        longest + ":65535 > " + longest + ":65535",
        "PROXY TCP6 " + longest + " " + longest + " 65535 65535\r\n");
  }

  @Test
  void aLineMayTellNothing() {
    v1("127.0.0.1:7 > 127.0.0.1:8", "PROXY UNKNOWN\r\n");
    v1("127.0.0.1:7 > 127.0.0.1:8", "PROXY UNKNOWN 1.2.3.4 what ever\r\n");
    v1("127.0.0.1:7 > 127.0.0.1:8", "PROXY UNKNOWN " + "x".repeat(91) + "\r\n");
  }

  @Test
  void linesThatAreMalformed() {
    String other = "it does not begin with the PROXY protocol";
    String line = "its PROXY line is malformed";
    String address = "its PROXY line has a malformed address or port";
    String control = "its PROXY line has a control character";
    v1(other, "GET / HTTP/1.1\r\n");
    v1(other, "proxy TCP4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(other, " PROXY TCP4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(other, "PROXY\tTCP4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(line, "PROXY  TCP4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(line, "PROXY TCP5 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(line, "PROXY tcp4 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(line, "PROXY TCP4 1.2.3.4 5.6.7.8 56\r\n");
    v1(line, "PROXY TCP4 1.2.3.4 5.6.7.8 56 80 \r\n");
    v1(line, "PROXY TCP4 1.2.3.4  5.6.7.8 56 80\r\n");
    v1(line, "PROXY UNKNOWNX and more\r\n");
    v1(line, "PROXY TCP4 1.2.3.4 5.6.7.8 56 80 9\r\n");
    v1(address, "PROXY TCP4 1.2.3 5.6.7.8 56 80\r\n");
    v1(address, "PROXY TCP4 01.2.3.4 5.6.7.8 56 80\r\n");
    v1(address, "PROXY TCP4 ::1 ::1 56 80\r\n");
    v1(address, "PROXY TCP6 1.2.3.4 5.6.7.8 56 80\r\n");
    v1(address, "PROXY TCP6 [::1] ::1 56 80\r\n");
    v1(address, "PROXY TCP6 ::1%lo ::1 56 80\r\n");
    v1(address, "PROXY TCP4 host.example 5.6.7.8 56 80\r\n");
    v1(address, "PROXY TCP4 1.2.3.4 5.6.7.8 65536 80\r\n");
    v1(address, "PROXY TCP4 1.2.3.4 5.6.7.8 056 80\r\n");
    v1(address, "PROXY TCP4 1.2.3.4 5.6.7.8 -1 80\r\n");
    v1(address, "PROXY TCP4 1.2.3.4 5.6.7.8 56 99999999999\r\n");
    v1(control, "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\n");
    v1(control, "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\rX\n");
    v1(control, "PROXY TCP4 1.2.3.4 5.6.7.8\0 56 80\r\n");
    v1("its PROXY line is too long", "PROXY UNKNOWN " + "x".repeat(92) + "\r\n");
    v1("its PROXY line is too long", "PROXY UNKNOWN " + "x".repeat(5000));
  }

  @Test
  void aPartIsNeitherWrongNorDone() {
    for (byte[] whole :
        new byte[][] {
          "PROXY TCP4 1.2.3.4 5.6.7.8 56 80\r\n".getBytes(ISO_8859_1), v2(0x21, 0x11, V4)
        }) {
      for (int length = 0; length < whole.length; length++) {
        ProxyPreamble preamble = new ProxyPreamble(Mode.AUTO);
        preamble.take(ByteBuffer.wrap(whole, 0, length));
        assertThat(shown(preamble)).as(length + " bytes").isEqualTo("incomplete");
        assertThat(preamble.wants()).isBetween(1, whole.length - length);
      }
    }
  }

  /** A header of version 2. */
  private static byte[] v2(int command, int family, byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return v2(command, family, all.size(), all.toByteArray());
  }

  private static byte[] v2(int command, int family, int length, byte[] payload) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes("\r\n\r\n\0\r\nQUIT\n".getBytes(ISO_8859_1));
    all.write(command);
    all.write(family);
    all.write(length >> 8);
    all.write(length);
    all.writeBytes(payload);
    return all.toByteArray();
  }

  private static final byte[] V4 = {1, 2, 3, 4, 5, 6, 7, 8, 0, 56, 0, 80};

  private static byte[] tlv(int type, byte... value) {
    byte[] tlv = new byte[3 + value.length];
    tlv[0] = (byte) type;
    tlv[2] = (byte) value.length;
    System.arraycopy(value, 0, tlv, 3, value.length);
    return tlv;
  }

  @Test
  void headers() {
    v2("1.2.3.4:56 > 5.6.7.8:80", v2(0x21, 0x11, V4));
    v2("1.2.3.4:56 > 5.6.7.8:80", v2(0x21, 0x11, V4, tlv(2, (byte) 'a'), tlv(4, new byte[200])));
    byte[] v6 = new byte[36];
    v6[15] = 1;
    v6[31] = 2;
    v6[32] = -1;
    v6[33] = -1;
    v2("0:0:0:0:0:0:0:1:65535 > 0:0:0:0:0:0:0:2:0", v2(0x21, 0x21, v6));
    v2("- > -", v2(0x21, 0x31, new byte[216]));
  }

  @Test
  void headersThatTellNothing() {
    v2("127.0.0.1:7 > 127.0.0.1:8", v2(0x20, 0x00));
    v2("127.0.0.1:7 > 127.0.0.1:8", v2(0x20, 0x11, V4));
    v2("127.0.0.1:7 > 127.0.0.1:8", v2(0x20, 0x7f, new byte[5]));
    v2("127.0.0.1:7 > 127.0.0.1:8", v2(0x21, 0x00));
    v2("127.0.0.1:7 > 127.0.0.1:8", v2(0x21, 0x00, new byte[100]));
  }

  @Test
  void headersThatAreMalformed() {
    String family = "its PROXY header has a family that is not a stream over IP or Unix sockets";
    String version = "its PROXY header has another version than 2, or no known command";
    String cut = "its PROXY header has a value that is cut off";
    String tooShort = "its PROXY header is too short for its addresses";
    v2(version, v2(0x11, 0x11, V4));
    v2(version, v2(0x22, 0x11, V4));
    v2(version, v2(0x31, 0x11, V4));
    v2(family, v2(0x21, 0x12, V4));
    v2(family, v2(0x21, 0x01, V4));
    v2(family, v2(0x21, 0x41, V4));
    v2(family, v2(0x21, 0x22, new byte[36]));
    v2(tooShort, v2(0x21, 0x11, new byte[11]));
    v2(tooShort, v2(0x21, 0x11));
    v2(tooShort, v2(0x21, 0x21, V4));
    v2(tooShort, v2(0x21, 0x31, new byte[215]));
    v2(cut, v2(0x21, 0x11, V4, new byte[] {4}));
    v2(cut, v2(0x21, 0x11, V4, new byte[] {4, 0}));
    v2(cut, v2(0x21, 0x11, V4, new byte[] {4, 0, 1}));
    v2(cut, v2(0x21, 0x11, V4, new byte[] {4, -1, -1, 0}));
    v2("its PROXY header is too long", v2(0x21, 0x11, 4097, new byte[4097]));
    v2("its PROXY header is too long", v2(0x20, 0x00, 65535, new byte[10]));
    v2(
        "it does not begin with the PROXY protocol",
        "\r\n\r\n\0\r\nQUIT\r xxxxxxxx".getBytes(ISO_8859_1));
  }

  @Test
  void aChecksumIsCheckedWhereThereIsOne() {
    byte[] header = v2(0x21, 0x11, V4, tlv(3, new byte[4]), tlv(4, (byte) 1));
    v2("its PROXY header has a wrong checksum", header);
    CRC32C sum = new CRC32C();
    sum.update(header);
    ByteBuffer.wrap(header).putInt(16 + 12 + 3, (int) sum.getValue());
    v2("1.2.3.4:56 > 5.6.7.8:80", header);
    v2("its PROXY header has a wrong checksum", v2(0x21, 0x11, V4, tlv(3, new byte[3])));
  }

  @Test
  void theLongestHeaderIsTaken() {
    byte[] filler = new byte[4096 - 12];
    filler[0] = 4;
    filler[1] = (byte) ((filler.length - 3) >> 8);
    filler[2] = (byte) (filler.length - 3);
    assertThat(read(Mode.V2, v2(0x21, 0x11, V4, filler), 4096))
        .isEqualTo("1.2.3.4:56 > 5.6.7.8:80");
    assertThat(read(Mode.V2, v2(0x21, 0x11, V4, new byte[4097 - 12]), 4096))
        .isEqualTo("its PROXY header is too long");
  }

  @Test
  void onlyTheVersionThatWasAskedForIsTaken() {
    String other = "it does not begin with the PROXY protocol";
    assertThat(read(Mode.V1, v2(0x21, 0x11, V4))).isEqualTo(other);
    assertThat(read(Mode.V2, "PROXY UNKNOWN\r\n".getBytes(ISO_8859_1))).isEqualTo(other);
  }

  @Test
  void onlyAnAnnouncedClientThatIsInTheListIsTrusted() {
    v1("10.0.0.1:1 > 5.6.7.8:80 trusted", "PROXY TCP4 10.0.0.1 5.6.7.8 1 80\r\n");
    assertThat(SOCKET.trusted()).isTrue();
    v1("127.0.0.1:7 > 127.0.0.1:8", "PROXY UNKNOWN\r\n");
  }
}
