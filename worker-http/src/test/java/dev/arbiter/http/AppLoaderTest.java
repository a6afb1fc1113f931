package dev.arbiter.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.httpserver.HttpHandlers;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppLoaderTest {
  private static final String HELLO =
      """
      package app;
      import dev.arbiter.app.*;
      public class App implements BlockingApp {
        public Response handle(Request request) { return Response.text("hello"); }
      %s
      }
      """;

  @TempDir Path folder;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @Test
  void aBlockingAppIsLoaded() throws Exception {
    compile(HELLO.formatted(""));
    LoadedApp loaded = load("app.App");
    assertThat(loaded.app()).isInstanceOf(BlockingApp.class);
    assertThat(loaded.description()).isEqualTo("app.App (blocking)");
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(loaded.loader());
    assertThat(loaded.app().getClass().getClassLoader()).isSameAs(loaded.loader());
  }

  @Test
  void aClassThatIsNotPublicIsLoaded() throws Exception {
    compile(HELLO.formatted("  public App() {}").replace("public class", "class"));
    assertThat(load("app.App").app()).isInstanceOf(BlockingApp.class);
  }

  @Test
  void theWorkersOwnLibrariesAreInvisible() throws Exception {
    compile(HELLO.formatted(""));
    ClassLoader loader = load("app.App").loader();
    assertThat(
            catchThrowableOfType(
                ClassNotFoundException.class, () -> loader.loadClass(AppLoader.class.getName())))
        .isNotNull();
    assertThat(
            catchThrowableOfType(
                ClassNotFoundException.class, () -> loader.loadClass(BootFailure.class.getName())))
        .isNotNull();
    assertThat(
            catchThrowableOfType(
                ClassNotFoundException.class, () -> loader.loadClass(Test.class.getName())))
        .isNotNull();
    assertThat(loader.getResource("dev/arbiter/http/AppLoader.class")).isNull();
    assertThat(loader.loadClass("java.sql.Driver")).isNotNull();
  }

  @Test
  void aJdkHandlerIsWrapped() throws Exception {
    compile(
        """
        package app;
        import com.sun.net.httpserver.*;
        public class App implements HttpHandler {
          public void handle(HttpExchange exchange) {}
        }
        """);
    LoadedApp loaded = load("app.App");
    assertThat(loaded.app()).hasSameClassAs(HttpHandlers.app(_ -> {}));
    assertThat(loaded.description()).isEqualTo("app.App (jdk)");
  }

  @Test
  void aFactoryMakesTheApp() throws Exception {
    compile(HELLO.formatted("  static BlockingApp make() { return new App(); }"));
    assertThat(load("app.App", "app-factory", "make").app()).isInstanceOf(BlockingApp.class);
  }

  @Test
  void aMissingClassNamesTheClassPathAndTheNearest() throws Exception {
    compile(HELLO.formatted(""));
    BootFailure failure = failure("app.app");
    assertThat(failure)
        .hasMessageContaining("Class app.app was not found")
        .hasMessageContaining(folder.toString());
    assertThat(failure.hint()).isEqualTo("Did you mean app.App?");
    assertThat(failure("App").hint()).isEqualTo("Did you mean app.App?");
    assertThat(failure("shop.Main").hint()).startsWith("Is it compiled?");
  }

  @Test
  void aWrongTypeNamesTheKnownOnes() throws Exception {
    compile("package app; public class App {}");
    BootFailure failure = failure("app.App");
    assertThat(failure).hasMessageContaining("app.App is of no known type");
    assertThat(failure.hint()).contains("BlockingApp").contains("AsyncApp").contains("HttpHandler");
  }

  @Test
  void theInterfaceSettingMustFit() throws Exception {
    compile(HELLO.formatted(""));
    assertThat(failure("app.App", "interface", "async"))
        .hasMessageContaining("app.App is of type blocking, not async");
    assertThat(load("app.App", "interface", "blocking").app()).isNotNull();
  }

  @Test
  void anAppThatIsAHandlerOfTheJdkAsWellIsTheOneOnlyIfAskedTo() throws Exception {
    compile(
        """
        package app;
        import com.sun.net.httpserver.*;
        import dev.arbiter.app.*;
        public class App implements AsyncApp, HttpHandler {
          public void handle(HttpExchange exchange) {}
          public java.util.concurrent.CompletionStage<Void> handle(Scope a, Receive b, Send c) {
            return null;
          }
        }
        """);
    assertThat(load("app.App").app()).isInstanceOf(AsyncApp.class);
    assertThat(load("app.App", "interface", "async").app()).isInstanceOf(AsyncApp.class);
    assertThat(load("app.App", "interface", "jdk").app()).hasSameClassAs(HttpHandlers.app(_ -> {}));
    assertThat(failure("app.App", "interface", "blocking"))
        .hasMessageContaining("app.App is of type async, not blocking");
  }

  @Test
  void anAbstractClassIsRefused() throws Exception {
    compile(HELLO.formatted("").replace("public class", "public abstract class"));
    assertThat(failure("app.App")).hasMessageContaining("app.App is abstract");
  }

  @Test
  void aConstructorWithArgumentsIsRefused() throws Exception {
    compile(HELLO.formatted("  public App(int n) {}"));
    assertThat(failure("app.App"))
        .hasMessageContaining("has no public constructor without arguments");
  }

  @Test
  void aThrowingConstructorIsQuotedWithItsFrames() throws Exception {
    compile(
        HELLO.formatted("  public App() { throw new IllegalStateException(\"no database\"); }"));
    BootFailure failure = failure("app.App");
    assertThat(failure)
        .hasMessageContaining(
            "the constructor of app.App threw java.lang.IllegalStateException: no database")
        .hasMessageContaining("at app/")
        .hasMessageContaining("App.java:5");
    assertThat(failure.getMessage()).isNotNull().doesNotContain("\n");
  }

  @Test
  void aThrowingStaticInitializerIsQuoted() throws Exception {
    compile(HELLO.formatted("  static int n = Integer.parseInt(\"x\");"));
    assertThat(failure("app.App"))
        .hasMessageContaining(
            "the static initializer of app.App threw java.lang.NumberFormatException");
  }

  @Test
  void aMissingOrUnsuitableFactoryIsNamed() throws Exception {
    compile(
        HELLO.formatted(
            """
              static App good() { return new App(); }
              static Object wrong() { return "text"; }
              static Object nothing() { return null; }
              App bound() { return this; }
            """));
    BootFailure missing = failure("app.App", "app-factory", "mkae");
    assertThat(missing).hasMessageContaining("app.App has no method mkae()");
    assertThat(missing.hint()).contains("good()");
    assertThat(failure("app.App", "app-factory", "wrong"))
        .hasMessageContaining("app.App.wrong() returned a java.lang.String");
    assertThat(failure("app.App", "app-factory", "nothing")).hasMessageContaining("returned null");
    assertThat(failure("app.App", "app-factory", "bound")).hasMessageContaining("not static");
  }

  @Test
  void aMissingDependencyIsNamed() throws Exception {
    compile(
        HELLO.formatted("  public App() { new lib.Thing(); }"),
        "package lib; public class Thing {}");
    Files.delete(folder.resolve("lib/Thing.class"));
    BootFailure failure = failure("app.App");
    assertThat(failure).hasMessageContaining("app.App needs class lib.Thing, which was not found");
    assertThat(failure.hint()).contains("--classpath");
  }

  @Test
  void aClassOfANewerJavaIsNamed() throws Exception {
    compile(HELLO.formatted(""));
    Path file = folder.resolve("app/App.class");
    byte[] bytes = Files.readAllBytes(file);
    bytes[7] = (byte) (bytes[7] + 1);
    Files.write(file, bytes);
    BootFailure failure = failure("app.App");
    assertThat(failure).hasMessageContaining("compiled for a newer Java");
    assertThat(failure.hint()).contains("--java");
  }

  @Test
  void aClassPathInsideThePackageIsExplained() throws Exception {
    compile(HELLO.formatted(""));
    Files.move(folder.resolve("app/App.class"), folder.resolve("App.class"));
    BootFailure failure = failure("App");
    assertThat(failure).hasMessageContaining("in a file of another name");
    assertThat(failure.exitCode()).isEqualTo(BootFailure.APP_FAILED);
  }

  private BootFailure failure(String className, String... more) {
    BootFailure failure = catchThrowableOfType(BootFailure.class, () -> load(className, more));
    assertThat(failure).isNotNull();
    assertThat(failure.exitCode()).isEqualTo(BootFailure.APP_FAILED);
    return failure;
  }

  private LoadedApp load(String className, String... more) throws BootFailure {
    Map<String, String> settings = new HashMap<>();
    settings.put("app", "app:App");
    settings.put("app-class", className);
    settings.put("app-classpath", folder.toString());
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return AppLoader.load(new WorkerSettings(settings), _ -> {});
  }

  private void compile(String... sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> arguments = new ArrayList<>(List.of("-d", folder.toString(), "-cp"));
    arguments.add(System.getProperty("java.class.path"));
    for (int i = 0; i < sources.length; i++) {
      Path file = Files.createDirectories(folder.resolve("src" + i)).resolve("App.java");
      if (sources[i].contains("class Thing")) {
        file = file.resolveSibling("Thing.java");
      }
      Files.writeString(file, sources[i]);
      arguments.add(file.toString());
    }
    assertThat(compiler.run(null, null, null, arguments.toArray(String[]::new))).isZero();
  }
}
