package dev.arbiter.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServerEventTest {

  @Test
  void eachLineOfItsDataIsOne() {
    assertThat(ServerEvent.of("a").text()).isEqualTo("data: a\n\n");
    assertThat(ServerEvent.of("").text()).isEqualTo("data: \n\n");
    assertThat(ServerEvent.of("a\nb\r\nc\rd").text())
        .isEqualTo("data: a\ndata: b\ndata: c\ndata: d\n\n");
    assertThat(ServerEvent.of("a\n").text()).isEqualTo("data: a\ndata: \n\n");
    assertThat(ServerEvent.of("event: x\n\ndata: y").text())
        .isEqualTo("data: event: x\ndata: \ndata: data: y\n\n");
  }

  @Test
  void itsOtherFieldsComeFirst() {
    ServerEvent event =
        ServerEvent.of("a").withName("n").withId("7").withRetry(Duration.ofSeconds(2));
    assertThat(event.text()).isEqualTo("event: n\nid: 7\nretry: 2000\ndata: a\n\n");
  }

  @Test
  void noFieldCanSmuggleAnother() {
    ServerEvent event = ServerEvent.of("a");
    assertThatThrownBy(() -> event.withName("n\ndata: b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> event.withId("7\r")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> event.withId("7\0")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> event.withRetry(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
