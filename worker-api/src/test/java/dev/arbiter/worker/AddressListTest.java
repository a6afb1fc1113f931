package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class AddressListTest {

  private static void in(String list, String... addresses) throws Exception {
    for (String address : addresses) {
      assertThat(AddressList.parse(list).contains(InetAddress.ofLiteral(address)))
          .as(address + " in " + list)
          .isTrue();
    }
  }

  private static void notIn(String list, String... addresses) throws Exception {
    for (String address : addresses) {
      assertThat(AddressList.parse(list).contains(InetAddress.ofLiteral(address)))
          .as(address + " in " + list)
          .isFalse();
    }
  }

  @Test
  void addresses() throws Exception {
    in("127.0.0.1,::1", "127.0.0.1", "::1");
    notIn("127.0.0.1,::1", "127.0.0.2", "::2", "128.0.0.1");
    in(" 10.0.0.1 , 10.0.0.2 10.0.0.3,", "10.0.0.1", "10.0.0.2", "10.0.0.3");
    notIn("", "127.0.0.1", "::1", "0.0.0.0");
  }

  @Test
  void networks() throws Exception {
    in("10.0.0.0/8", "10.0.0.0", "10.255.255.255");
    notIn("10.0.0.0/8", "11.0.0.0", "9.255.255.255", "::a00:1");
    in("192.168.4.0/23", "192.168.4.0", "192.168.5.255");
    notIn("192.168.4.0/23", "192.168.6.0", "192.168.3.255");
    in("172.16.3.7/12", "172.31.0.1");
    in("0.0.0.0/0", "1.2.3.4", "255.255.255.255");
    notIn("0.0.0.0/0", "::1");
    in("2001:db8::/33", "2001:db8:7fff::1");
    notIn("2001:db8::/33", "2001:db8:8000::1");
    in("1.2.3.4/32", "1.2.3.4");
    notIn("1.2.3.4/32", "1.2.3.5");
  }

  @Test
  void everybody() throws Exception {
    in("*", "1.2.3.4", "::1");
    in("10.0.0.1, *", "1.2.3.4");
  }

  @Test
  void anIpv4AddressInItsIpv6CoatIsThatAddress() throws Exception {
    byte[] coat = new byte[16];
    coat[10] = -1;
    coat[11] = -1;
    coat[12] = 10;
    coat[15] = 7;
    InetAddress coated = java.net.Inet6Address.getByAddress(null, coat, 0);
    assertThat(coated.getAddress()).hasSize(16);
    assertThat(AddressList.parse("10.0.0.0/8").contains(coated)).isTrue();
    in("::ffff:10.0.0.7", "10.0.0.7");
  }

  @Test
  void literalsAreNeverLookedUpAndNeverGuessed() {
    for (String good :
        new String[] {"0.0.0.0", "255.255.255.255", "::", "::1", "1:2:3:4:5:6:7:8", "::1.2.3.4"}) {
      assertThat(AddressList.literal(good)).as(good).isNotNull();
    }
    for (String bad :
        new String[] {
          "",
          " ",
          "localhost",
          "1",
          "1.2.3",
          "1.2.3.4.5",
          "1.2.3.256",
          "01.2.3.4",
          "1.2.3.04",
          "1.2.3.",
          ".1.2.3",
          "1..2.3",
          "+1.2.3.4",
          "1.2.3.4 ",
          "0x7f.0.0.1",
          "1.2.3.\u0664",
          ":",
          ":::",
          "1::2::3",
          "12345::",
          "[::1]",
          "::1%lo",
          "::g",
          "1:2:3:4:5:6:7:8:9",
          "::1.2.3",
          "::01.2.3.4",
          "1.2.3.4::",
          "::\uff11"
        }) {
      assertThat(AddressList.literal(bad)).as(bad).isNull();
    }
  }

  @Test
  void whatIsNoAddressIsNamed() {
    for (String bad :
        new String[] {
          "localhost",
          "10.0.0.0/33",
          "10.0.0.0/",
          "10.0.0.0/-1",
          "10.0.0.0/08",
          "10.0.0.0/8/8",
          "::/129",
          "::ffff:10.0.0.0/104",
          "**",
          "1.2.3.4;5.6.7.8",
          "unix:"
        }) {
      assertThatThrownBy(() -> AddressList.parse("127.0.0.1, " + bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(bad);
    }
  }
}
