package dev.arbiter.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeadersTest {
  private static final Headers FIELDS = Headers.of("A", "1", "b", "2", "a", "3");

  @Test
  void withoutTakesAllOfANameWhateverItsCase() {
    assertThat(FIELDS.without("a")).isEqualTo(Headers.of("b", "2"));
    assertThat(FIELDS.without("B")).isEqualTo(Headers.of("A", "1", "a", "3"));
  }

  @Test
  void withoutWhatIsNotThereIsTheSame() {
    assertThat(FIELDS.without("c")).isSameAs(FIELDS);
  }
}
