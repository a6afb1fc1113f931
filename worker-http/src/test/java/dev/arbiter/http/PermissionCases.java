package dev.arbiter.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Response;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator can let in that is refused otherwise; the same for every kind. */
@Timeout(60)
public abstract class PermissionCases {
  private final BlockingApp app =
      request ->
          Response.text(
              request.method()
                  + " "
                  + request.httpVersion()
                  + " "
                  + request.headers().first("x-a").orElse("")
                  + " "
                  + new String(request.body().readAllBytes(), US_ASCII));

  /** Starts a worker. */
  protected abstract Host serve(App served, String... settings) throws Exception;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "permit-obsolete-folding | GET / HTTP/1.1~Host: a~X-A: 1~  2~\t3~~ | GET HTTP/1.1 1 2 3",
        "permit-obsolete-folding | GET / HTTP/1.1~X-A: 1 ~ 2~Host: a~~ | GET HTTP/1.1 1 2",
        "permit-obsolete-folding | POST / HTTP/1.1~Host: a~Content-Length:~ 2~~ok | POST HTTP/1.1  ok",
        "permit-obsolete-folding | POST / HTTP/1.1~Host: a~Transfer-Encoding:~ chunked~~2~ok~0~~ | POST HTTP/1.1  ok",
        "strip-header-spaces | GET / HTTP/1.1~Host : a~X-A \t: 1~~ | GET HTTP/1.1 1",
        "strip-header-spaces | POST / HTTP/1.1~Host: a~Content-Length : 2~~ok | POST HTTP/1.1  ok",
        "permit-unconventional-http-method | get / HTTP/1.1~Host: a~~ | get HTTP/1.1",
        "permit-unconventional-http-method | Frob# / HTTP/1.1~Host: a~~ | Frob# HTTP/1.1",
        "permit-unconventional-http-version | GET / HTTP/1.2~Host: a~~ | GET HTTP/1.1",
        "permit-unconventional-http-version | GET / HTTP/3.0~Host: a~~ | GET HTTP/1.1",
        "permit-unconventional-http-version | GET / HTTP/0.9~~ | GET HTTP/1.0",
        "casefold-http-method | post / HTTP/1.1~Host: a~Content-Length: 2~~ok | POST HTTP/1.1  ok",
      })
  void onlyWhatItsSettingNamesIsLetIn(String setting, String raw, String seen) throws Exception {
    try (Host open = serve(app, setting, "true");
        Host strict = serve(app)) {
      assertThat(answer(strict, raw, false)).as("strict").startsWith("refused");
      assertThat(answer(open, raw, false)).isEqualTo(seen);
      assertThat(answer(open, raw, true)).as("byte by byte").isEqualTo(seen);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "permit-obsolete-folding | GET / HTTP/1.1~ X-A: 1~Host: a~~",
        "permit-obsolete-folding | POST / HTTP/1.1~Host: a~Content-Length: 2~Transfer-Encoding:~ chunked~~",
        "permit-obsolete-folding | GET / HTTP/1.1~Host: a~X-A: 1~ \u0001 2~~",
        "permit-obsolete-folding | GET / HTTP/1.1~Host: a~X-A: 1~ 2\u0001~~",
        "strip-header-spaces | GET / HTTP/1.1~Host: a~X A: 1~~",
        "strip-header-spaces | GET / HTTP/1.1~Host: a~ : 1~~",
        "permit-unconventional-http-method | g(t / HTTP/1.1~Host: a~~",
        "permit-unconventional-http-version | GET / HTTP/1.1x~Host: a~~",
        "permit-unconventional-http-version | GET / http/1.1~Host: a~~",
        "casefold-http-method | connect a:1 HTTP/1.1~Host: a~~",
      })
  void theRestIsRefusedAsBefore(String setting, String raw) throws Exception {
    try (Host open = serve(app, setting, "true")) {
      assertThat(answer(open, raw, false)).startsWith("refused");
    }
  }

  private static String answer(Host host, String raw, boolean inBytes) throws Exception {
    String text = raw.replace("~", "\r\n");
    try (RawClient client = host.connect()) {
      if (inBytes) {
        for (int i = 0; i < text.length(); i++) {
          client.send(text.substring(i, i + 1));
        }
      } else {
        client.send(text);
      }
      RawClient.Answer answer = client.answer();
      return answer.status() == 200 ? answer.body().strip() : "refused " + answer.status();
    }
  }
}
