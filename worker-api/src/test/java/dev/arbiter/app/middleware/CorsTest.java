package dev.arbiter.app.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.Asked;
import dev.arbiter.app.Headers;
import dev.arbiter.app.Response;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorsTest {
  private static final String SHOP = "https://shop.example";
  private static final Cors CORS =
      Cors.builder()
          .origins(SHOP, "http://localhost:3000")
          .methods("GET", "PUT")
          .headers("X-Token")
          .expose("X-Total")
          .credentials()
          .maxAge(Duration.ofMinutes(1))
          .build();

  private static Headers fields(Cors cors, Headers own, String... sent) {
    Passage passage = cors.enter(Asked.get("/", sent));
    assertThat(passage.answer()).isEmpty();
    return passage.headers(200, own);
  }

  private static Response preflight(Cors cors, String... sent) {
    return cors.enter(Asked.of("OPTIONS", "/", sent)).answer().orElseThrow();
  }

  @Test
  void anAllowedOriginMayReadTheAnswer() {
    Headers fields = fields(CORS, Headers.of("x-total", "7"), "origin", SHOP);
    assertThat(fields)
        .isEqualTo(
            Headers.of(
                "x-total", "7",
                "vary", "Origin",
                "access-control-allow-origin", SHOP,
                "access-control-allow-credentials", "true",
                "access-control-expose-headers", "X-Total"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.test",
        "https://a.shop.example",
        "https://shop.example/",
        ""
      })
  void anotherOriginMayNotAndTheAppIsAskedAllTheSame(String origin) {
    assertThat(fields(CORS, Headers.empty(), "origin", origin))
        .isEqualTo(Headers.of("vary", "Origin"));
  }

  @Test
  void twoOriginsAreNone() {
    assertThat(fields(CORS, Headers.empty(), "origin", SHOP, "origin", SHOP))
        .isEqualTo(Headers.of("vary", "Origin"));
  }

  @Test
  void anAnswerWithoutOriginVariesTooBecauseACacheMayGiveItToOthers() {
    assertThat(fields(CORS, Headers.empty())).isEqualTo(Headers.of("vary", "Origin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "Accept, Origin", "origin"})
  void aVaryThatSaysSoAlreadyIsLeft(String vary) {
    assertThat(fields(CORS, Headers.of("vary", vary)).all("vary")).containsExactly(vary);
  }

  @Test
  void anotherVaryIsKept() {
    assertThat(fields(CORS, Headers.of("vary", "Accept")).all("vary"))
        .containsExactly("Accept", "Origin");
  }

  @Test
  void theAppsOwnFieldsAreReplaced() {
    Headers own =
        Headers.of("Access-Control-Allow-Origin", "*", "Access-Control-Allow-Credentials", "true");
    assertThat(fields(CORS, own, "origin", "https://evil.example"))
        .isEqualTo(Headers.of("vary", "Origin"));
  }

  @Test
  void anyOriginIsAnAsteriskAndDoesNotVary() {
    assertThat(fields(Cors.of("*"), Headers.empty(), "origin", "null"))
        .isEqualTo(Headers.of("access-control-allow-origin", "*"));
  }

  @Test
  void originsCanBeMatched() {
    Cors cors =
        Cors.builder().originsMatching(o -> o.matches("https://[a-z]+\\.shop\\.example")).build();
    assertThat(fields(cors, Headers.empty(), "origin", "https://a.shop.example"))
        .matches(fields -> fields.contains("access-control-allow-origin"));
    assertThat(fields(cors, Headers.empty(), "origin", "https://ashop.example"))
        .matches(fields -> !fields.contains("access-control-allow-origin"));
  }

  @Test
  void aPreflightIsAnsweredWithoutTheApp() {
    Response answer =
        preflight(
            CORS,
            "origin",
            SHOP,
            "access-control-request-method",
            "PUT",
            "access-control-request-headers",
            "x-token, Content-Type");
    assertThat(answer.status()).isEqualTo(204);
    assertThat(answer.headers())
        .isEqualTo(
            Headers.of(
                "vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
                "access-control-allow-origin", SHOP,
                "access-control-allow-methods", "GET, PUT",
                "access-control-allow-headers", "x-token, content-type",
                "access-control-allow-credentials", "true",
                "access-control-max-age", "60"));
  }

  private static void refused(String origin, String method, String headers) {
    Response answer =
        preflight(
            CORS,
            "origin",
            origin,
            "access-control-request-method",
            method,
            "access-control-request-headers",
            headers);
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.headers().contains("vary")).isTrue();
    for (int i = 0; i < answer.headers().size(); i++) {
      assertThat(answer.headers().name(i)).doesNotStartWith("access-control");
    }
  }

  @Test
  void aPreflightForMoreThanIsAllowedIsRefused() {
    refused("https://evil.example", "GET", "");
    refused(SHOP, "DELETE", "");
    refused(SHOP, "get", "");
    refused(SHOP, "GET", "x-other");
    refused(SHOP, "GET", "x-token, x-other");
    refused(SHOP, "GET", "x-token: a");
  }

  @Test
  void anyHeaderIsStillAName() {
    Cors cors = Cors.builder().origins(SHOP).headers("*").build();
    String[] sent = {
      "origin", SHOP, "access-control-request-method", "GET", "access-control-request-headers", ""
    };
    sent[5] = "authorization";
    assertThat(preflight(cors, sent).headers().first("access-control-allow-headers"))
        .contains("authorization");
    sent[5] = "a b";
    assertThat(preflight(cors, sent).status()).isEqualTo(403);
  }

  @Test
  void anOptionsRequestThatIsNoPreflightReachesTheApp() {
    assertThat(CORS.enter(Asked.of("OPTIONS", "/", "origin", SHOP)).answer()).isEmpty();
    assertThat(
            CORS.enter(Asked.of("OPTIONS", "/", "access-control-request-method", "GET")).answer())
        .isEmpty();
  }

  @Test
  void credentialsForAnyOriginAreRefused() {
    assertThatThrownBy(() -> Cors.builder().origins("*").credentials().build())
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"shop.example", "https://shop.example/", "https://", "https://a@b"})
  void refusesAnOriginThatIsNone(String origin) {
    assertThatThrownBy(() -> Cors.of(origin)).isInstanceOf(IllegalArgumentException.class);
  }
}
