package app;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.arbiter.app.BlockingApp;
import dev.arbiter.app.Lifespan;
import dev.arbiter.app.Request;
import dev.arbiter.app.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Keeps notes in PostgreSQL: POST /notes, GET /notes; GET /health asks the database. */
public final class App implements BlockingApp {
  private static final int LONGEST = 10_000;
  private HikariDataSource database;

  @Override
  public void startup(Lifespan lifespan) throws SQLException, IOException {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(System.getenv("DATABASE_URL"));
    config.setUsername(System.getenv("DATABASE_USER"));
    config.setPassword(Files.readString(Path.of(System.getenv("DATABASE_PASSWORD_FILE"))).strip());
    // Each worker has a pool of its own: workers, a spare and one more at a change, times this, is what
    // the database sees.
    config.setMaximumPoolSize(5);
    database = new HikariDataSource(config);
    try (Connection connection = database.getConnection();
        PreparedStatement create =
            connection.prepareStatement(
                // Several workers start at once: the lock, which ends with the transaction, lets one do it.
                "do $$ begin perform pg_advisory_xact_lock(8000);"
                    + " create table if not exists notes (id bigserial primary key, text text not null); end $$")) {
      create.execute();
    }
  }

  @Override
  public void shutdown() {
    if (database != null) {
      database.close();
    }
  }

  @Override
  public Response handle(Request request) throws IOException, SQLException {
    return switch (request.method() + " " + request.path()) {
      case "GET /health" -> health();
      case "GET /notes" -> notes();
      case "POST /notes" -> add(request);
      default -> Response.of(404);
    };
  }

  private Response health() throws SQLException {
    try (Connection connection = database.getConnection()) {
      return connection.isValid(2) ? Response.text("ok\n") : Response.of(503);
    }
  }

  private Response notes() throws SQLException {
    StringBuilder text = new StringBuilder();
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement("select id, text from notes order by id");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        text.append(rows.getLong(1)).append(' ').append(rows.getString(2)).append('\n');
      }
    }
    return Response.text(text.toString());
  }

  private Response add(Request request) throws IOException, SQLException {
    byte[] note = request.body().readNBytes(LONGEST + 1);
    if (note.length > LONGEST) {
      return Response.of(413);
    }
    try (Connection connection = database.getConnection();
        PreparedStatement insert = connection.prepareStatement("insert into notes (text) values (?)")) {
      insert.setString(1, new String(note, StandardCharsets.UTF_8).replaceAll("\\s+", " "));
      insert.executeUpdate();
    }
    return Response.of(201);
  }
}
