package dev.arbiter.http.develop;

/** A problem as a page. Everything that is not this class's own is escaped: sources hold markup. */
final class ProblemPage {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>{title}</title>
      <style>
      :root { color-scheme: light dark; --bad: #c0262d; --faint: #8888; --mark: #c0262d22 }
      @media (prefers-color-scheme: dark) { :root { --bad: #ff7b72 } }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
      h1 { font-size: 1.3rem; color: var(--bad); overflow-wrap: anywhere }
      h2 { font-size: 1rem; margin: 2rem 0 .3rem; font-weight: 600; overflow-wrap: anywhere }
      pre { font: 14px/1.5 ui-monospace, monospace; overflow-x: auto; border: 1px solid var(--faint);
            border-radius: 6px; padding: .8rem; margin: .3rem 0; tab-size: 4 }
      pre b { display: inline-block; min-width: 100%; background: var(--mark); font-weight: 400 }
      pre i { color: var(--faint); font-style: normal; user-select: none }
      footer { color: var(--faint); margin-top: 3rem; font-size: .9rem }
      </style>
      </head>
      <body>
      """;

  private ProblemPage() {}

  static String html(Problem problem) {
    StringBuilder page = new StringBuilder(HEAD.replace("{title}", escaped(problem.title())));
    page.append("<h1>").append(escaped(problem.title())).append("</h1>\n");
    if (!problem.hint().isEmpty()) {
      page.append("<p>").append(escaped(problem.hint())).append("</p>\n");
    }
    for (Excerpt place : problem.places()) {
      page.append("<h2>").append(escaped(place.file() + ":" + place.line()));
      if (!place.message().isEmpty()) {
        page.append(" &mdash; ").append(escaped(place.message()));
      }
      page.append("</h2>\n<pre>");
      for (int i = 0; i < place.lines().size(); i++) {
        int number = place.first() + i;
        boolean marked = number == place.line();
        page.append(marked ? "<b>" : "")
            .append("<i>%5d </i>".formatted(number))
            .append(escaped(place.lines().get(i)))
            .append(marked ? "</b>" : "")
            .append('\n');
      }
      page.append("</pre>\n");
    }
    if (!problem.detail().isBlank()) {
      page.append("<h2>What was printed</h2>\n<pre>")
          .append(escaped(problem.detail().strip()))
          .append("</pre>\n");
    }
    return page.append(
            "<footer>Arbiter serves the app again after the next save that works.</footer>\n")
        .append("</body>\n</html>\n")
        .toString();
  }

  /** Also what would be invisible: a control character cannot stand in HTML. */
  static String escaped(String text) {
    StringBuilder result = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> result.append("&amp;");
        case '<' -> result.append("&lt;");
        case '>' -> result.append("&gt;");
        case '"' -> result.append("&quot;");
        case '\'' -> result.append("&#39;");
        default -> result.append(c < ' ' && c != '\n' && c != '\t' || c == 0x7f ? '\ufffd' : c);
      }
    }
    return result.toString();
  }
}
