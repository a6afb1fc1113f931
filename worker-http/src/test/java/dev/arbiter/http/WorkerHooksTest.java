package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.arbiter.app.App;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Hooks;
import dev.arbiter.app.Request;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.Response;
import dev.arbiter.worker.BootFailure;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class WorkerHooksTest {
  private static final List<String> CALLED = new CopyOnWriteArrayList<>();
  private static final Request REQUEST =
      (Request)
          Proxy.newProxyInstance(
              WorkerHooksTest.class.getClassLoader(),
              new Class<?>[] {Request.class},
              (_, method, _) -> method.getName());

  /** Sees requests. */
  public static final class Seeing implements Hooks {
    @Override
    public void preRequest(Member worker, RequestHead request) {
      CALLED.add("pre " + worker.nr() + " " + request.target());
      throw new IllegalStateException("a hook that fails");
    }

    @Override
    public void postRequest(Member worker, RequestHead request, int status) {
      CALLED.add("post " + status);
    }
  }

  /** Sees none. */
  public static final class Blind implements Hooks {}

  @Test
  void aClassWithoutHooksForRequestsStandsInNobodysWay() throws Exception {
    App app = (BlockingApp) _ -> Response.text("x");
    assertThat(hooks(Blind.class).around(app)).isSameAs(app);
  }

  @Test
  void hooksAreCalledAroundARequestAndMayFail() throws Exception {
    CALLED.clear();
    BlockingApp app =
        (BlockingApp) hooks(Seeing.class).around((BlockingApp) _ -> Response.text("x"));
    assertThat(app.handle(REQUEST).status()).isEqualTo(200);
    assertThat(CALLED).containsExactly("pre 0 target", "post 200");
  }

  @Test
  void anAppThatFailsHasAnswered500() throws Exception {
    CALLED.clear();
    BlockingApp failing =
        _ -> {
          throw new IllegalStateException("the app");
        };
    BlockingApp app = (BlockingApp) hooks(Seeing.class).around(failing);
    assertThatThrownBy(() -> app.handle(REQUEST)).hasMessage("the app");
    assertThat(CALLED).contains("post 500");
  }

  /** Cannot be made, and has a say in TLS. */
  public static final class Strict implements Hooks {
    public Strict() {
      throw new IllegalStateException("no connection to the directory");
    }

    @Override
    public SslContext sslContext(Member worker, SslContext standard) {
      return standard;
    }
  }

  @Test
  void tlsIsNotServedWithoutTheHookThatDecidesAboutIt() throws Exception {
    Map<String, String> settings = Map.of("hooks-class", Strict.class.getName());
    ClassLoader loader = WorkerHooksTest.class.getClassLoader();
    assertThat(WorkerHooks.load(new FixtureContext(settings), loader)).isEmpty();
    Map<String, String> tls = new HashMap<>(settings);
    tls.put("certfile", "cert.pem");
    assertThatThrownBy(() -> WorkerHooks.load(new FixtureContext(tls), loader))
        .isInstanceOf(BootFailure.class)
        .hasMessageContaining("TLS is not served without their sslContext");
  }

  private static WorkerHooks hooks(Class<?> type) throws Exception {
    return WorkerHooks.load(
            new FixtureContext(Map.of("hooks-class", type.getName())),
            WorkerHooksTest.class.getClassLoader())
        .orElseThrow();
  }
}
