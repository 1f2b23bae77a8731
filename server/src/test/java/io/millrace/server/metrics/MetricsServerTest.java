package io.millrace.server.metrics;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.server.metrics.MetricsSource.Figures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MetricsServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Socket> sockets = new ArrayList<>();
  private final AtomicInteger scrapes = new AtomicInteger();
  private CompletionStage<Figures> figures =
      CompletableFuture.completedStage(new Figures(Map.of(), List.of(), 0, 0));
  private MetricsServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        MetricsServer.start(
            MetricsAddress.parse("0"),
            () -> {
              scrapes.incrementAndGet();
              return figures;
            });
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    client.close();
    server.close();
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(PATIENCE)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build();
    return client.send(request, BodyHandlers.ofString());
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    sockets.add(socket);
    return socket;
  }

  /** Whether the server ends the connection, whatever it says before. */
  private static boolean isEndedByTheServer(Socket socket) throws IOException {
    try {
      socket.getInputStream().readAllBytes();
      return true;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Test
  void metricsAreAtTheirPathAndNowhereElse() throws Exception {
    HttpResponse<String> metrics = ask("GET", "/metrics");

    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("Content-Type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(metrics.body()).contains("millrace_build_info{", "jvm_memory_used_bytes{area=");
    assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
    assertThat(ask("GET", "/").body()).isEqualTo("metrics are at /metrics\n");
    assertThat(ask("HEAD", "/metrics").statusCode()).isEqualTo(200);
    assertThat(ask("POST", "/metrics").statusCode()).isEqualTo(405);
    assertThat(server.url()).isEqualTo("http://127.0.0.1:" + server.port() + "/metrics");
  }

  @Test
  void aScrapeWithoutFiguresIsAnErrorThatSaysWhy() throws Exception {
    figures = CompletableFuture.failedStage(new IllegalStateException("the server ends"));

    HttpResponse<String> answer = ask("GET", "/metrics");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("the server ends");
  }

  @Test
  void whoAsksAllTheTimeIsGivenThePageThatThereIs() throws Exception {
    int asked = 200;

    for (int i = 0; i < asked; i++) {
      ask("GET", "/metrics");
    }

    assertThat(scrapes.get()).isPositive().isLessThan(asked / 2);
  }

  @Test
  void clientsThatSayNothingOrHalfARequestHoldUpNobodyAndAreDisconnected() throws Exception {
    Socket silent = connect();
    Socket slow = connect();
    slow.getOutputStream().write("GET /metrics HTTP/1.1\r\nHost:".getBytes(US_ASCII));

    assertThat(ask("GET", "/metrics").statusCode()).isEqualTo(200);

    assertThat(isEndedByTheServer(silent)).isTrue();
    assertThat(isEndedByTheServer(slow)).isTrue();
  }

  @Test
  void aClientBeyondTheLimitIsDisconnectedAtOnceAndOthersComeAgainWhenItIsOver() throws Exception {
    for (int i = 0; i < MetricsServer.MAX_CONNECTIONS; i++) {
      connect();
    }
    Socket last = sockets.getLast();

    assertThat(isEndedByTheServer(connect())).isTrue();
    last.setSoTimeout(1);
    assertThatThrownBy(() -> last.getInputStream().read())
        .as("still connected")
        .isInstanceOf(SocketTimeoutException.class);

    last.setSoTimeout((int) PATIENCE.toMillis());
    for (Socket socket : sockets) {
      assertThat(isEndedByTheServer(socket)).isTrue();
    }
    assertThat(ask("GET", "/metrics").statusCode()).isEqualTo(200);
  }

  @Test
  void headersThatAreTooLongOrTooManyAreNotRead() throws Exception {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      many.append("X-").append(i).append(": x\r\n");
    }

    assertThat(headers("X: " + "x".repeat(MetricsServer.MAX_HEADER_BYTES) + "\r\n"))
        .doesNotContain("200 OK");
    assertThat(headers(many.toString())).doesNotContain("200 OK");
    assertThat(scrapes).hasValue(0);
    assertThat(headers("X: x\r\n")).contains("200 OK");
  }

  /** What the server says to a request with these headers, which is the last of its connection. */
  private String headers(String lines) throws IOException {
    Socket socket = connect();
    String request = "GET /metrics HTTP/1.1\r\nConnection: close\r\n" + lines + "\r\n";
    try {
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    } catch (SocketException reset) {
      return "";
    }
  }

  @Test
  void aPortThatIsTakenIsAnErrorThatSaysSo() {
    String taken = Integer.toString(server.port());

    assertThatThrownBy(() -> MetricsServer.start(MetricsAddress.parse(taken), () -> figures))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "--metrics "
                + taken
                + ": cannot listen there: Address already in use; choose another port or address");
  }
}
