package app;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;

/**
 * A JSON API with a library from {@code lib/}. It keeps nothing between requests: another worker,
 * another process, may answer the next one.
 */
public final class App implements BlockingApp {
  record Item(String name, BigDecimal price, int quantity) {}

  record Order(List<Item> items) {}

  record Quote(int items, BigDecimal total) {}

  record WorkerInfo(long pid, int nr, int workers, long generation, String kind) {}

  record Problem(int status, String error) {}

  private final ObjectMapper json =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
  private WorkerInfo worker = new WorkerInfo(0, 0, 0, 0, "");

  @Override
  public void startup(Lifespan lifespan) {
    worker =
        new WorkerInfo(
            ProcessHandle.current().pid(),
            lifespan.workerNr(),
            lifespan.workerCount(),
            lifespan.generation(),
            lifespan.kind());
  }

  @Override
  public Response handle(Request request) throws IOException {
    return switch (request.path()) {
      case "/worker" -> only("GET", request, () -> reply(200, worker));
      case "/quote" -> only("POST", request, () -> quote(request));
      default -> reply(404, new Problem(404, "no such path: try GET /worker or POST /quote"));
    };
  }

  private Response quote(Request request) throws IOException {
    Order order;
    try {
      order = json.readValue(request.body(), Order.class);
    } catch (JacksonException e) {
      return reply(400, new Problem(400, e.getOriginalMessage()));
    }
    if (order == null || order.items() == null || !order.items().stream().allMatch(App::isSane)) {
      return reply(400, new Problem(400, "each item needs a name, a price and a quantity above 0"));
    }
    BigDecimal total =
        order.items().stream()
            .map(item -> item.price().multiply(BigDecimal.valueOf(item.quantity())))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    return reply(200, new Quote(order.items().size(), total));
  }

  private static boolean isSane(Item item) {
    return item != null
        && item.name() != null
        && item.price() != null
        && item.price().signum() >= 0
        && item.quantity() > 0;
  }

  private interface Answer {
    Response get() throws IOException;
  }

  private Response only(String method, Request request, Answer answer) throws IOException {
    return request.method().equals(method)
        ? answer.get()
        : reply(405, new Problem(405, "use " + method)).withHeader("allow", method);
  }

  private Response reply(int status, Object value) throws IOException {
    return Response.bytes("application/json", json.writeValueAsBytes(value)).withStatus(status);
  }
}
