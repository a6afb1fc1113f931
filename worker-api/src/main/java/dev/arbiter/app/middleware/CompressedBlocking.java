package dev.arbiter.app.middleware;

import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** A blocking app whose answers are compressed. As concurrent as the app. */
final class CompressedBlocking extends Wrapper implements BlockingApp {
  private final Compression compression;
  private final BlockingApp app;

  CompressedBlocking(Compression compression, BlockingApp app) {
    super(app);
    this.compression = compression;
    this.app = app;
  }

  @Override
  public Response handle(Request request) throws Exception {
    Response response = app.handle(request);
    return switch (response == null ? null : response.body()) {
      case Response.Body.Bytes whole -> whole(request, response, whole.bytes());
      case Response.Body.Stream stream -> stream(request, response, stream.writer());
      case Response.Body.File _, Response.Body.Upgrade _ -> response;
      case null -> response; // the worker has words for that
    };
  }

  private Response whole(Request request, Response response, byte[] bytes) throws IOException {
    boolean head = request.method().equals("HEAD");
    // An app may answer HEAD without its body, but with the length that has.
    long length = head ? Math.max(bytes.length, declared(response)) : bytes.length;
    Compression.Plan plan =
        compression.plan(request, response.status(), response.headers(), length);
    if (plan.coding().isEmpty()) {
      return response.withHeaders(plan.headers());
    }
    if (head) {
      return response
          .withHeaders(plan.encodedHeaders())
          .withBody(new Response.Body.Bytes(new byte[0]));
    }
    ByteArrayOutputStream encoded = new ByteArrayOutputStream(bytes.length / 2);
    try (OutputStream stream = plan.coding().get().encode(encoded)) {
      stream.write(bytes);
    }
    return encoded.size() >= bytes.length
        ? response.withHeaders(plan.headers())
        : response
            .withHeaders(plan.encodedHeaders())
            .withBody(new Response.Body.Bytes(encoded.toByteArray()));
  }

  private Response stream(Request request, Response response, Response.Writer writer) {
    Compression.Plan plan =
        compression.plan(request, response.status(), response.headers(), declared(response));
    if (plan.coding().isEmpty()) {
      return response.withHeaders(plan.headers());
    }
    Compression.Coding coding = plan.coding().get();
    return response
        .withHeaders(plan.encodedHeaders())
        .withBody(new Response.Body.Stream(out -> write(coding, writer, out)));
  }

  private static long declared(Response response) {
    return Compression.declaredLength(response.headers());
  }

  private static void write(Compression.Coding coding, Response.Writer writer, OutputStream out)
      throws IOException {
    Valve valve = new Valve(out);
    try (OutputStream encoded = coding.encode(valve)) {
      try {
        writer.writeTo(encoded);
      } catch (Throwable thrown) {
        valve.shut();
        throw thrown;
      }
    }
  }

  /**
   * Lets pass what is written until it is shut: the end of an encoding is not written where the
   * body was cut, so that nobody takes it for whole. Closing it does nothing.
   */
  private static final class Valve extends OutputStream {
    private final OutputStream out;
    private boolean shut;

    Valve(OutputStream out) {
      this.out = out;
    }

    void shut() {
      shut = true;
    }

    @Override
    public void write(int one) throws IOException {
      if (!shut) {
        out.write(one);
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (!shut) {
        out.write(bytes, offset, length);
      }
    }

    @Override
    public void flush() throws IOException {
      if (!shut) {
        out.flush();
      }
    }
  }
}
