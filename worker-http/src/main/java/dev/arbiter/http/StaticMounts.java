package dev.arbiter.http;

import dev.arbiter.app.App;
import dev.arbiter.app.AsyncApp;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.HttpScope;
import dev.arbiter.app.RequestHead;
import dev.arbiter.app.RequestWrapper;
import dev.arbiter.app.Response;
import dev.arbiter.app.Send;
import dev.arbiter.app.SendEvent;
import dev.arbiter.app.SendEvent.ResponseBody;
import dev.arbiter.app.SendEvent.ResponseFile;
import dev.arbiter.app.SendEvent.ResponseStart;
import dev.arbiter.app.files.StaticFiles;
import dev.arbiter.worker.BootFailure;
import dev.arbiter.worker.WorkerSettings;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The folders of {@code --static}, whose files are served beside the app: the app, and its hooks,
 * do not see those requests. The longest prefix counts. Any thread.
 */
final class StaticMounts {
  private final List<StaticFiles> mounts;

  private StaticMounts(List<StaticFiles> mounts) {
    this.mounts = mounts;
  }

  /**
   * As the operator set them: a line of {@code PREFIX=DIR} for each.
   *
   * @throws BootFailure {@link BootFailure#WORKER_FAILED} if a folder is not there
   */
  static StaticMounts from(WorkerSettings settings) throws BootFailure {
    List<String> pairs =
        new ArrayList<>(settings.text("static").stream().flatMap(String::lines).toList());
    pairs.sort(Comparator.comparingInt(pair -> -pair.indexOf('=')));
    List<StaticFiles> mounts = new ArrayList<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      Path folder = Path.of(pair.substring(equals + 1));
      if (!Files.isDirectory(folder)) {
        throw new BootFailure(
            BootFailure.WORKER_FAILED,
            "--static " + pair + ": " + folder.toAbsolutePath() + " is no folder",
            "Relative folders start in the workers' own (--chdir).",
            null);
      }
      mounts.add(
          StaticFiles.of(folder)
              .under(pair.substring(0, equals))
              .precompressed(settings.flag("compress", false)));
    }
    return new StaticMounts(List.copyOf(mounts));
  }

  /** The app, behind these folders if there are any. */
  App around(App app) {
    if (mounts.isEmpty()) {
      return app;
    }
    return switch (app) {
      case BlockingApp blocking ->
          (BlockingApp)
              request -> {
                StaticFiles files = covering(request);
                return files == null ? blocking.handle(request) : files.handle(request);
              };
      case AsyncApp async ->
          (AsyncApp)
              (scope, receive, send) -> {
                HttpScope request = scope instanceof HttpScope http ? http : null;
                StaticFiles files = request == null ? null : covering(request);
                return request == null || files == null
                    ? async.handle(scope, receive, send)
                    : serve(files, request, send);
              };
    };
  }

  private @Nullable StaticFiles covering(RequestHead request) {
    for (StaticFiles files : mounts) {
      if (files.covers(request)) {
        return files;
      }
    }
    return null;
  }

  /** Beside the event loop, because it looks at the disk. */
  // Whatever goes wrong is the exchange's failure.
  @SuppressWarnings("CatchingUnchecked")
  private static CompletionStage<Void> serve(StaticFiles files, HttpScope request, Send send) {
    CompletableFuture<Response> found = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                found.complete(files.handle(new RequestWrapper(request)));
              } catch (Throwable thrown) {
                found.completeExceptionally(thrown);
              }
            });
    return found.thenCompose(
        response ->
            send.send(new ResponseStart(response.status(), response.headers()))
                .thenCompose(_ -> send.send(body(response))));
  }

  private static SendEvent body(Response response) {
    return switch (response.body()) {
      case Response.Body.File file -> new ResponseFile(file, false);
      case Response.Body.Bytes whole -> new ResponseBody(ByteBuffer.wrap(whole.bytes()), false);
      case Response.Body.Stream _, Response.Body.Upgrade _ ->
          throw new IllegalStateException("Files are no streams");
    };
  }
}
