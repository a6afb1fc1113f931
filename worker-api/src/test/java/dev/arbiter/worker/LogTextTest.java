package dev.arbiter.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a client could write into a log, and what becomes of it. */
class LogTextTest {
  private static final String FORGED =
      "no page \n[2026-11-28 12:00:00 +0000] [1] [INFO] all is well";

  @Test
  void whatPrintsIsLeftAsItIs() {
    String text = "GET /caf\u00e9?q=\u65e5 100 % \\ \"x\"\tend";
    assertThat(LogText.record(text)).isSameAs(text);
    assertThat(LogText.line(text)).isSameAs(text);
  }

  @Test
  void noFurtherLineOfARecordBeginsAsARecordDoes() {
    assertThat(LogText.record(FORGED))
        .isEqualTo("no page \n    [2026-11-28 12:00:00 +0000] [1] [INFO] all is well");
    assertThat(LogText.record("a\r\nb\n\n\tat C\n")).isEqualTo("a\n    b\n    \n    \tat C\n    ");
    assertThat(LogText.line(FORGED)).doesNotContain("\n").startsWith("no page \\n[2026");
    assertThat(LogText.lines("a\n\u001bb")).isEqualTo("a\n\\x1bb");
  }

  @Test
  void whatATerminalOrAnotherReaderWouldObeyIsShown() {
    assertThat(LogText.record("a\rb\u001b[2Jc\u0007\u007f\u009b0m\u0085\0"))
        .isEqualTo("a\\x0db\\x1b[2Jc\\x07\\x7f\\x9b0m\\x85\\x00");
    assertThat(LogText.record("a\u2028b\u202ec\u2066d\ufeff"))
        .isEqualTo("a\\u2028b\\u202ec\\u2066d\\ufeff");
  }

  @Test
  void whatAProgramPrintsMayBeColouredAndNoMore() {
    String coloured = "\u001b[1;32mINFO\u001b[m x";
    assertThat(LogText.printed(coloured)).isEqualTo(coloured);
    assertThat(LogText.printed("\u001b[2J\u001b]0;title\u0007\u001b[31"))
        .isEqualTo("\\x1b[2J\\x1b]0;title\\x07\\x1b[31");
    assertThat(LogText.record(coloured)).isEqualTo("\\x1b[1;32mINFO\\x1b[m x");
  }
}
