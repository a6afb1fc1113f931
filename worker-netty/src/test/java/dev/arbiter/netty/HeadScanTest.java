package dev.arbiter.netty;

import static dev.arbiter.netty.H2Client.CONTINUATION;
import static dev.arbiter.netty.H2Client.DATA;
import static dev.arbiter.netty.H2Client.END_HEADERS;
import static dev.arbiter.netty.H2Client.HEADERS;
import static dev.arbiter.netty.H2Client.PING;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A head is seen from the type of its frame to its END_HEADERS, however its bytes come. */
class HeadScanTest {
  private final HeadScan scan = new HeadScan();
  private final ByteBuf in = Unpooled.buffer();

  /** The reader takes pieces of so many bytes. */
  private String seen(byte[] frame, int taken) {
    StringBuilder seen = new StringBuilder();
    for (byte next : frame) {
      in.writeByte(next);
      scan.before(in);
      if (in.readableBytes() >= taken) {
        in.skipBytes(taken);
      }
      scan.after(in);
      seen.append(scan.inMidHead() ? 'h' : '-');
    }
    return seen.toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 9, 1000})
  void byteByByte(int taken) {
    assertThat(seen(H2Client.bytes(PING, 0, 0, new byte[2]), taken)).isEqualTo("-----------");
    assertThat(seen(H2Client.bytes(HEADERS, END_HEADERS, 1, new byte[2]), taken))
        .isEqualTo("---hhhhhhh-");
    assertThat(seen(H2Client.bytes(HEADERS, END_HEADERS, 1), taken)).isEqualTo("---hhhhh-");
    assertThat(seen(H2Client.bytes(HEADERS, 0, 1, new byte[1]), taken)).isEqualTo("---hhhhhhh");
    assertThat(seen(H2Client.bytes(CONTINUATION, 0, 1), taken)).isEqualTo("hhhhhhhhh");
    assertThat(seen(H2Client.bytes(CONTINUATION, END_HEADERS, 1), taken)).isEqualTo("hhhhhhhh-");
    assertThat(seen(H2Client.bytes(DATA, END_HEADERS, 1, new byte[1]), taken))
        .isEqualTo("----------");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 9, 10, 18})
  void manyAtOnce(int taken) {
    in.writeBytes(H2Client.bytes(PING, 0, 0, new byte[1]));
    in.writeBytes(H2Client.bytes(HEADERS, 0, 1, new byte[1]));
    scan.before(in);
    in.skipBytes(taken);
    scan.after(in);
    assertThat(scan.inMidHead()).isTrue();
    in.writeBytes(H2Client.bytes(CONTINUATION, END_HEADERS, 1));
    in.writeBytes(H2Client.bytes(PING, 0, 0));
    scan.before(in);
    assertThat(scan.inMidHead()).isFalse();
  }
}
