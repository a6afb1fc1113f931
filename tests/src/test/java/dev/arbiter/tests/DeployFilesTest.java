package dev.arbiter.tests;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The files for Kubernetes, Traefik and Compose, which none of them has seen here: read strictly,
 * by the types of the API where there are some, and held against what Arbiter does.
 */
final class DeployFilesTest {
  private static final Path DEPLOY = Command.REPO.resolve("deploy");

  private static final ObjectMapper YAML =
      new ObjectMapper(
              YAMLFactory.builder()
                  .enable(YAMLParser.Feature.PARSE_BOOLEAN_LIKE_WORDS_AS_STRINGS)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .setAnnotationIntrospector(new Strict());

  /** The model's types would collect what they do not know, as clients of newer servers must. */
  private static final class Strict extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public Boolean hasAnySetter(Annotated annotated) {
      return false;
    }
  }

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  private final Deployment deployment = read("deployment.yaml", Deployment.class);
  private final Container container = container(deployment);

  DeployFilesTest() throws IOException {}

  @Test
  void everyFileIsOfItsKindAndAboutTheSamePods() throws IOException {
    Service service = read("service.yaml", Service.class);
    PodDisruptionBudget budget = read("pdb.yaml", PodDisruptionBudget.class);
    HorizontalPodAutoscaler scaler = read("hpa.yaml", HorizontalPodAutoscaler.class);
    try (Stream<Path> files = Files.list(DEPLOY.resolve("kubernetes"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("deployment.yaml", "service.yaml", "pdb.yaml", "hpa.yaml");
    }

    Map<String, String> pods = deployment.getSpec().getTemplate().getMetadata().getLabels();
    assertThat(deployment.getSpec().getSelector().getMatchLabels()).isEqualTo(pods);
    assertThat(service.getSpec().getSelector()).isEqualTo(pods);
    assertThat(budget.getSpec().getSelector().getMatchLabels()).isEqualTo(pods);
    assertThat(scaler.getSpec().getScaleTargetRef().getName())
        .isEqualTo(deployment.getMetadata().getName());
    assertThat(scaler.getSpec().getScaleTargetRef().getKind()).isEqualTo(deployment.getKind());
    // Who decides how many there are must be one.
    assertThat(deployment.getSpec().getReplicas()).isNull();
    assertThat(service.getSpec().getPorts().getFirst().getTargetPort().getStrVal())
        .isEqualTo("http");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"revisionHistoryLimit:", "containerPort:", "httpGet:", "drop:", "maxUnavailable:"})
  void whatTheApiDoesNotKnowWouldBeFound(String field) throws IOException {
    String text = Files.readString(DEPLOY.resolve("kubernetes/deployment.yaml"));
    assertThat(text).contains(field);

    assertThatThrownBy(
            () -> YAML.readValue(text.replaceFirst(field, "un" + field), Deployment.class))
        .isInstanceOf(UnrecognizedPropertyException.class);
  }

  @Test
  void probesAskTheArbiterWhereItAnswers() {
    Map<String, Integer> ports =
        container.getPorts().stream()
            .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
    assertThat(argument("--bind")).endsWith(":" + ports.get("http"));
    assertThat(argument("--status-bind")).endsWith(":" + ports.get("status"));

    assertThat(asked(container.getStartupProbe())).isEqualTo("/ready at status");
    assertThat(asked(container.getReadinessProbe())).isEqualTo("/ready at status");
    assertThat(asked(container.getLivenessProbe())).isEqualTo("/live at status");
  }

  /** Nothing sleeps in a hook: it is the arbiter that waits, and there must be time for it. */
  @Test
  void thereIsTimeToDrain() {
    assertThat(container.getLifecycle()).isNull();
    Duration delay = secondsOf("--drain-delay");
    Probe readiness = container.getReadinessProbe();
    assertThat(delay.toSeconds())
        .as("longer than it takes to see that /ready fails")
        .isGreaterThan((long) readiness.getPeriodSeconds() * readiness.getFailureThreshold());
    assertThat(deployment.getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds())
        .isGreaterThan(delay.plus(secondsOf("--graceful-timeout")).toSeconds() + 5);
    assertThat(secondsOf("--graceful-timeout"))
        .as("a worker that is recycled leaves idle connections to the proxy that keeps them")
        .isGreaterThanOrEqualTo(secondsOf("--keep-alive").plusSeconds(2));
  }

  @Test
  void theFleetIsGivenMemoryAndNothingElseToWriteTo() {
    Quantity limit = requireNonNull(container.getResources().getLimits().get("memory"));
    assertThat(limit).isEqualTo(container.getResources().getRequests().get("memory"));
    assertThat(limit.getNumericalAmount().longValueExact()).isGreaterThanOrEqualTo(1L << 30);
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getVolumeMounts())
        .extracting("mountPath")
        .contains("/tmp", "/run/arbiter");
    assertThat(argument("--control-socket")).startsWith("/run/arbiter/");
    assertThat(argument("--incident-dir")).startsWith("/tmp/");
  }

  @Test
  void theArgumentsAreSettings() throws Exception {
    assertThat(container.getCommand()).containsExactly("/opt/arbiter/bin/arbiter");
    Path app = Files.createDirectory(arbiters.folder().resolve("app"));

    Command.Finished printed =
        arbiters
            .command()
            .args("--print-config")
            .args(
                container.getArgs().stream()
                    .map(argument -> argument.replace("/srv/app", app.toString()))
                    .toArray(String[]::new))
            .runBare(Limits.START);

    assertThat(printed.exitCode()).as(printed.log().text()).isZero();
    assertThat(printed.log().text()).containsPattern("drain-delay\\s.*10s");
  }

  @Test
  void traefikIdlesShorterThanTheWorkers() throws IOException {
    JsonNode start = YAML.readTree(DEPLOY.resolve("traefik/traefik.yml").toFile());
    JsonNode routes = YAML.readTree(DEPLOY.resolve("traefik/arbiter.yml").toFile());

    JsonNode router = routes.at("/http/routers/arbiter");
    for (JsonNode entry : router.path("entryPoints")) {
      assertThat(start.at("/entryPoints").has(entry.asText())).as(entry.asText()).isTrue();
    }
    JsonNode service = routes.at("/http/services").path(router.path("service").asText());
    String transport = service.at("/loadBalancer/serversTransport").asText();
    String idle =
        routes
            .at("/http/serversTransports")
            .path(transport)
            .at("/forwardingTimeouts/idleConnTimeout")
            .asText();
    assertThat(seconds(idle)).isPositive().isLessThan(documented("--keep-alive"));
    assertThat(service.at("/loadBalancer/healthCheck/path").asText()).isEqualTo("/ready");
    assertThat(routes.at("/tcp/services/arbiter-bytes/loadBalancer/proxyProtocol/version").asInt())
        .isEqualTo(2);
  }

  @Test
  void composeWaitsLongerThanTheArbiter() throws IOException {
    JsonNode web =
        YAML.readTree(DEPLOY.resolve("docker/compose.yaml").toFile()).at("/services/web");
    Path settings = DEPLOY.resolve("docker").resolve(web.path("build").asText());

    // Nothing on the way changes them, so that the defaults hold.
    for (Path file :
        List.of(
            settings.resolve("arbiter.toml"),
            settings.resolve("Dockerfile"),
            DEPLOY.resolve("docker/Dockerfile"))) {
      assertThat(Files.readAllLines(file))
          .as(file.toString())
          .filteredOn(line -> !line.startsWith("#"))
          .noneMatch(line -> line.contains("graceful") || line.contains("drain"));
    }
    assertThat(web.path("environment").toString()).doesNotContain("ARBITER_");
    assertThat(web.path("command").isMissingNode()).isTrue();
    assertThat(seconds(web.path("stop_grace_period").asText()))
        .isGreaterThan(documented("--graceful-timeout").plusSeconds(5));
  }

  private static <T extends HasMetadata> T read(String file, Class<T> type) throws IOException {
    T resource = YAML.readValue(DEPLOY.resolve("kubernetes").resolve(file).toFile(), type);
    JsonNode plain = YAML.readTree(DEPLOY.resolve("kubernetes").resolve(file).toFile());
    // The types know both by themselves, whatever the file says.
    assertThat(plain.path("apiVersion").asText()).isEqualTo(HasMetadata.getApiVersion(type));
    assertThat(plain.path("kind").asText()).isEqualTo(HasMetadata.getKind(type));
    return resource;
  }

  private static Container container(Deployment deployment) {
    List<Container> containers = deployment.getSpec().getTemplate().getSpec().getContainers();
    assertThat(containers).hasSize(1);
    return containers.getFirst();
  }

  private String argument(String name) {
    List<String> found =
        container.getArgs().stream().filter(argument -> argument.startsWith(name + "=")).toList();
    assertThat(found).as(name).hasSize(1);
    return found.getFirst().substring(name.length() + 1);
  }

  private Duration secondsOf(String name) {
    return seconds(argument(name));
  }

  /** The default of a setting, as the documents have it. */
  private static Duration documented(String name) throws IOException {
    Pattern row = Pattern.compile("\\| `" + name + "`.*\\| duration \\| `([^`]+)` \\|.*");
    List<Matcher> found =
        Files.readAllLines(Command.REPO.resolve("docs/settings.md")).stream()
            .map(row::matcher)
            .filter(Matcher::matches)
            .toList();
    assertThat(found).as(name).hasSize(1);
    return seconds(found.getFirst().group(1));
  }

  private static Duration seconds(String text) {
    Matcher value = Pattern.compile("(\\d+)s").matcher(text);
    assertThat(value.matches()).as(text).isTrue();
    return Duration.ofSeconds(Long.parseLong(value.group(1)));
  }

  private static String asked(Probe probe) {
    return probe.getHttpGet().getPath() + " at " + probe.getHttpGet().getPort().getStrVal();
  }
}
