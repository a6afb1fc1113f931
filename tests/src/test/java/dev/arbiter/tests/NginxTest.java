package dev.arbiter.tests;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Behind a real nginx, over TCP and over a Unix socket. */
final class NginxTest {
  private static final Path NGINX = Path.of("/usr/sbin/nginx");

  @RegisterExtension final Arbiters arbiters = new Arbiters();

  @EachKind
  void theClientIsTheOneThatNginxSaw(String kind) throws Exception {
    Path socket = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        start(kind, socket, "--access-logfile", "-", "--access-logformat", "log %(h)s %(U)s");
    int port = Ports.free();
    Process nginx = startNginx(port, arbiter.port(), socket);
    try {
      Await.until(
          "nginx listens", Limits.START, () -> get(port, "/tcp").startsWith("HTTP/1.1 200"));

      for (String path : new String[] {"/tcp", "/unix", "/chain"}) {
        // What a client makes up stands to the left of what nginx adds, and is not looked at.
        assertThat(get(port, path, "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"))
            .as(path)
            .endsWith("\r\n\r\n127.0.0.2 http shop.example");
        arbiter.log().await(Pattern.compile("^log 127\\.0\\.0\\.2 " + path + "$"), Limits.ANSWER);
      }
      // nginx sets no Forwarded and passes a client's on; it has no effect beside the X- fields.
      assertThat(get(port, "/tcp", "Forwarded: for=6.6.6.6;host=evil"))
          .endsWith("\r\n\r\n127.0.0.2 http shop.example");
    } finally {
      nginx.destroy();
      assertThat(nginx.waitFor(10, TimeUnit.SECONDS)).as("nginx ends").isTrue();
    }
  }

  @EachKind
  void nginxMaySpeakUwsgi(String kind) throws Exception {
    Path socket = arbiters.folder().resolve("app.sock");
    ArbiterProcess arbiter =
        start(kind, socket, "--protocol", "uwsgi", "--uwsgi-allow-from", "127.0.0.1");
    int port = Ports.free();
    Process nginx = startNginx(port, arbiter.port(), socket);
    try {
      for (String path : new String[] {"/uwsgi", "/uwsgi-unix"}) {
        Await.until(path, Limits.START, () -> get(port, path).startsWith("HTTP/1.1 200"));
        assertThat(get(port, path, "X-Forwarded-For: 6.6.6.6"))
            .endsWith("\r\n\r\n127.0.0.2 http shop.example");
      }
    } finally {
      nginx.destroy();
      assertThat(nginx.waitFor(10, TimeUnit.SECONDS)).as("nginx ends").isTrue();
    }
  }

  /** An app that tells who it takes for its client, over TCP and a Unix socket. */
  private ArbiterProcess start(String kind, Path socket, String... arguments) throws Exception {
    assumeTrue(Files.isExecutable(NGINX), "nginx is not installed");
    Path classes =
        SourceApp.compile(
            arbiters.folder(),
            SourceApp.blocking(
                """
                request.client().map(c -> ((java.net.InetSocketAddress) c).getAddress().getHostAddress())
                    .orElse("nobody") + " " + request.scheme() + " " + request.host()
                """));
    return arbiters
        .command()
        .kind(kind)
        .bind("127.0.0.1:0", "unix:" + socket)
        .args(arguments)
        .app("--chdir", classes.toString(), "app:App")
        .start();
  }

  private Process startNginx(int port, int app, Path socket) throws IOException {
    Path folder = Files.createDirectory(arbiters.folder().resolve("nginx"));
    String forward =
        """
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        """;
    Path conf =
        Files.writeString(
            folder.resolve("nginx.conf"),
            """
            daemon off;
            master_process off;
            pid %1$s/pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              server {
                listen 127.0.0.1:%2$d;
                %5$s
                location /tcp { proxy_pass http://127.0.0.1:%3$d; }
                location /unix { proxy_pass http://unix:%4$s; }
                location /chain { proxy_pass http://unix:%1$s/inner.sock; }
                location /uwsgi { uwsgi_pass 127.0.0.1:%3$d; include /etc/nginx/uwsgi_params; }
                location /uwsgi-unix { uwsgi_pass unix:%4$s; include /etc/nginx/uwsgi_params; }
              }
              server {
                listen unix:%1$s/inner.sock;
                %5$s
                location / { proxy_pass http://127.0.0.1:%3$d; }
              }
            }
            """
                .formatted(folder, port, app, socket, forward));
    arbiters.ownSocket(folder.resolve("inner.sock"));
    return new ProcessBuilder(NGINX.toString(), "-p", folder.toString(), "-c", conf.toString())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("out").toFile())
        .start();
  }

  /** Asks from 127.0.0.2, which no default trusts. */
  private static String get(int port, String path, String... fields) throws IOException {
    try (Socket client = new Socket()) {
      client.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), 0));
      client.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
      client.setSoTimeout((int) Limits.ANSWER.toMillis());
      String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
      client
          .getOutputStream()
          .write(
              ("GET "
                      + path
                      + " HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
                      + more
                      + "\r\n")
                  .getBytes(ISO_8859_1));
      return new String(client.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }
}
